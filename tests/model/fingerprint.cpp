#include "fingerprint.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cookies.h"
#include "properties.h"

namespace epoch::model {
namespace {

class Writer {
 public:
  Writer(World& world, const Setting& setting) : world_(world), setting_(setting) {}

  std::string write() {
    put(world_.server.refusals % 2);
    for (std::size_t i = 0; i < world_.browsers.size(); ++i) browser(i);
    named_directly_ = names_.size();
    for (std::size_t i = 0; i < names_.size(); ++i) record(core::Hash256(names_[i]));
    for (const core::Hash256& root : names_) predecessor(root);
    return std::move(text_);
  }

 private:
  template <typename Number>
  void put(Number number) {
    text_.push_back(static_cast<char>(number));
  }

  void put_age(core::TimePoint at) {
    const auto seconds =
        std::clamp<std::int64_t>((world_.server.now - at).count(), -1, core::kRemembered.count());
    for (int shift = 0; shift < 24; shift += 8) put(seconds >> shift);
  }

  void put_name(const core::Hash256& root) {
    const auto found = std::find(names_.begin(), names_.end(), root);
    put(found - names_.begin());
    if (found == names_.end()) names_.push_back(root);
  }

  const core::Record* find(const core::Hash256& root) const {
    const auto& records = world_.server.store.records();
    const auto found = records.find(core::record_key_of(root));
    return found == records.end() ? nullptr : &found->second;
  }

  void put_lineage(const core::Lineage& lineage) {
    put_name(lineage.root);
    const core::Record* record = find(lineage.root);
    put(record == nullptr || record->succession.generation == lineage.generation);
  }

  void put_held(const std::optional<Held>& held) {
    put(held ? 1 + 2 * static_cast<int>(held->who) + (held->old ? 1 : 0) : 0);
  }

  // Apart from names.
  void put_kind(const CookieFacts& cookie) {
    put(cookie.kind);
    if (!cookie.challenge) return;
    put((cookie.challenge->armed ? 1 : 0) + (cookie.challenge->logout ? 2 : 0));
    put_age(cookie.challenge->issued);
    put(cookie.space[0]);
  }

  void put_cookie(const std::string& value) {
    const CookieFacts cookie = read_cookie(value);
    put_kind(cookie);
    if (cookie.challenge) {
      put_lineage(cookie.challenge->lineage);
    } else if (cookie.kind == CookieFacts::Kind::Session) {
      put_name(cookie.root);
    }
  }

  void browser(std::size_t index) {
    const Browser& browser = world_.browsers[index];
    for (const std::string& cookie : browser.jar) put_cookie(cookie);
    for (std::size_t space = 0; space < setting_.site.spaces.size(); ++space) {
      const PromptFacts& prompt = prompt_of(world_, index, space, setting_);
      put(prompt.due);
      put(prompt.excused);
    }
    put(browser.cache.size());
    for (const Cached& entry : browser.cache) {
      text_ += entry.origin + entry.realm;
      put_held(entry.held);
      put(entry.directories);
    }
    put_held(browser.kept);
    idle_tabs(browser);
    requests(browser);
  }

  static int look_of(const Browser& browser, std::size_t tab) {
    return tab == kNoTab ? 4 : (browser.tabs[tab] ? 1 : 0) + (browser.visible == tab ? 2 : 0);
  }

  void idle_tabs(const Browser& browser) {
    std::array<int, 4> count{};
    for (std::size_t tab = 0; tab < browser.tabs.size(); ++tab) {
      const bool busy = std::any_of(browser.requests.begin(), browser.requests.end(),
                                    [tab](const Request& request) { return request.tab == tab; });
      if (!busy) ++count[static_cast<std::size_t>(look_of(browser, tab))];
    }
    for (const int number : count) put(number);
  }

  // A request apart from names.
  std::string shape(const Request& request, const Browser& browser) {
    std::swap(text_, kept_);
    text_.clear();
    put(request.load);
    put(request.place);
    put(look_of(browser, request.tab));
    put(request.scope);
    put(request.stage);
    put((request.reloads ? 1 : 0) + (request.crossed_logout ? 2 : 0) + (request.swept ? 4 : 0));
    put_held(request.in_url);
    put_held(request.credentials);
    put_kind(read_cookie(request.cookie));
    put(request.answer.scheme);
    put(request.answer.shows);
    text_ += request.answer.realm;
    put_kind(read_cookie(request.answer.cookie));
    std::swap(text_, kept_);
    return std::move(kept_);
  }

  void requests(const Browser& browser) {
    std::vector<std::pair<std::string, const Request*>> sorted;
    for (const Request& request : browser.requests) {
      sorted.emplace_back(shape(request, browser), &request);
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    put(sorted.size());
    for (const auto& [shape, request] : sorted) {
      text_ += shape;
      put_cookie(request->cookie);
      put_cookie(request->answer.cookie);
      if (!request->login) continue;
      put_lineage(request->login->follows);
      put_name(core::lineage_root_of(request->login->id));
    }
  }

  void record(const core::Hash256& root) {
    const core::Record* record = find(root);
    put(record != nullptr);
    if (record == nullptr) return;
    put(record->succession.successor.has_value());
    if (record->succession.successor) put_name(next_that_matters(*record->succession.successor));
    put(record->session.has_value());
    if (record->session) session(core::record_key_of(root), *record->session);
  }

  std::optional<core::Hash256> successor_of(const core::Hash256& root) const {
    const core::Record* record = find(root);
    return record == nullptr ? std::nullopt : record->succession.successor;
  }

  bool is_named_directly(const core::Hash256& root) const {
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(named_directly_);
    return std::find(names_.begin(), end, root) != end;
  }

  // Of a chain of ended sessions only the last two count, and those that a cookie or a login names:
  // whatever is opened on the others conflicts.
  core::Hash256 next_that_matters(core::Hash256 root) const {
    while (!is_named_directly(root)) {
      const std::optional<core::Hash256> next = successor_of(root);
      if (!next || !successor_of(*next)) break;
      root = *next;
    }
    return root;
  }

  void session(const core::RecordKey& key, const core::Session& session) {
    const SessionFacts& facts = world_.sessions.at(key);
    put(facts.browser);
    put(facts.who);
    put((facts.old ? 1 : 0) + (facts.ended ? 2 : 0));
    put(session.space[0]);
    const auto seen = world_.server.seen.find(key);
    put(seen != world_.server.seen.end());
    if (seen != world_.server.seen.end()) put_age(seen->second);
    if (facts.ended) return;
    put_age(session.created);
    put_age(session.last_seen);
  }

  // What the session was opened on counts only where something still leads there.
  void predecessor(const core::Hash256& root) {
    const auto facts = world_.sessions.find(core::record_key_of(root));
    if (facts == world_.sessions.end()) return;
    const core::Lineage& follows = facts->second.follows;
    if (std::find(names_.begin(), names_.end(), follows.root) != names_.end()) put_lineage(follows);
  }

  World& world_;
  const Setting& setting_;
  std::string text_;
  std::string kept_;
  std::vector<core::Hash256> names_;
  std::size_t named_directly_ = 0;  // by cookies and logins, not by records
};

}  // namespace

Fingerprint fingerprint(World& world, const Setting& setting) {
  const std::string text = Writer(world, setting).write();
  const core::Hash256 hash = core::sha256({core::bytes_of(text)});
  Fingerprint print;
  std::memcpy(print.data(), hash.data(), sizeof print);
  return print;
}

}  // namespace epoch::model
