// Requests of several browsers with each other's, old and made-up cookies, against one store:
// what has ended is never admitted again, and nobody is admitted without the password.
#include <array>
#include <set>
#include <vector>

#include "core/service.h"
#include "property.h"
#include "store/memory_store.h"

namespace epoch::fuzz {
namespace {

using core::Action;
using core::Credentials;

constexpr std::string_view kCookieName = "epoch-1";
constexpr std::string_view kZone = "zone";
constexpr std::string_view kRealm = "Staff";
constexpr std::size_t kBrowsers = 3;
constexpr std::array<std::string_view, 2> kUsers{"alice", "bob"};

class CountingEntropy final : public core::Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    ++count_;
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 4); ++i) {
      bytes[i] = static_cast<std::uint8_t>(count_ >> (8 * i));
    }
  }

 private:
  std::uint32_t count_ = 0;
};

core::KeyRing one_key() {
  core::Hash256 secret;
  secret.fill(1);
  return core::KeyRing({core::SigningKey(core::TimePoint(), secret)});
}

class World {
 public:
  explicit World(FuzzedDataProvider& input) : input_(input) {
    policy_.limits = {.idle = std::chrono::minutes(30), .max_age = std::chrono::hours(12)};
    if (input_.ConsumeBool()) policy_.fresh_login = std::chrono::minutes(10);
    policy_.cross_site_allowed = input_.ConsumeBool();
    policy_.same_site_none = input_.ConsumeBool();
    if (input_.ConsumeBool()) policy_.session_limit = {.most = 1, .deny = input_.ConsumeBool()};
  }

  void run() {
    for (int left = 60; left > 0 && input_.remaining_bytes() > 0; --left) {
      switch (input_.ConsumeIntegralInRange(0, 7)) {
        case 0:
          log_out();
          break;
        case 1:
          now_ += core::Seconds(input_.ConsumeIntegralInRange(0, 40000));
          break;
        case 2:
          require(service_.flush_last_seen().ok(), "last-seen can be written");
          break;
        case 3:
          change_password();
          break;
        default:
          visit();
      }
      remember_ended();
    }
  }

 private:
  // ---- what browsers send

  core::RequestTraits take_traits() {
    core::RequestTraits traits;
    for (bool* trait : {&traits.sends_metadata, &traits.navigation, &traits.framed, &traits.script,
                        &traits.cross_site, &traits.same_origin, &traits.speculative, &traits.get,
                        &traits.forget}) {
      *trait = input_.ConsumeIntegralInRange(0, 7) == 7;
    }
    return traits;
  }

  std::string take_cookie(std::size_t browser) {
    switch (input_.ConsumeIntegralInRange(0, 9)) {
      case 0:
        return "";
      case 1:
        return input_.ConsumeRandomLengthString(60);
      case 2:
        return given_.empty() ? "" : given_[input_.ConsumeIntegral<std::uint8_t>() % given_.size()];
      case 3:
        return jars_[input_.ConsumeIntegralInRange<std::size_t>(0, kBrowsers - 1)];
      case 4: {
        std::string changed = jars_[browser];
        if (changed.empty()) return changed;
        const auto at = input_.ConsumeIntegralInRange<std::size_t>(0, changed.size() - 1);
        changed[at] = input_.ConsumeIntegral<char>();
        return changed;
      }
      default:
        return jars_[browser];
    }
  }

  std::string take_header(std::size_t browser) {
    std::string header;
    const int cookies = input_.ConsumeIntegralInRange(0, 9) == 9 ? 2 : 1;
    for (int i = 0; i < cookies; ++i) {
      const std::string value = take_cookie(browser);
      if (value.empty()) continue;
      header += (header.empty() ? "" : "; ") + std::string(kCookieName) + "=" + value;
    }
    return header;
  }

  std::optional<Credentials> take_credentials() {
    const int kind = input_.ConsumeIntegralInRange(0, 5);
    if (kind == 0) return std::nullopt;
    const std::size_t user = input_.ConsumeBool() ? 1 : 0;
    const unsigned older = kind == 1 ? 1 : 0;
    return Credentials(std::string(kUsers[user]), password(user, versions_[user] - older));
  }

  static std::string password(std::size_t user, unsigned version) {
    return std::string(kUsers[user]) + std::to_string(version);
  }

  core::Presented present(const std::string& header, const std::optional<Credentials>& credentials,
                          const core::RequestTraits& traits) {
    const std::string_view origin =
        input_.ConsumeIntegralInRange(0, 9) == 9 ? "https://other.example" : "https://example.org";
    return {.cookie_header = header,
            .cookie_name = kCookieName,
            .credentials = credentials ? &*credentials : nullptr,
            .request = traits,
            .zone = kZone,
            .origin = origin,
            .realm = kRealm,
            .space = core::space_tag(origin, kRealm)};
  }

  // ---- what the server does

  void visit() {
    const auto browser = input_.ConsumeIntegralInRange<std::size_t>(0, kBrowsers - 1);
    const std::string header = take_header(browser);
    const std::optional<Credentials> credentials = take_credentials();
    const core::Presented presented = present(header, credentials, take_traits());
    const core::Examined examined = service_.examine(presented, policy_, now_);
    require(examined.verdict.action != Action::Unavailable, "a store that answers is available");
    keep(browser, examined.cookie_value);
    switch (examined.verdict.action) {
      case Action::Admit:
      case Action::AdmitSuccessor:
        require(credentials.has_value(), "nobody is admitted without credentials");
        admitted(*examined.session, *credentials);
        break;
      case Action::Login:
        require(credentials.has_value() && examined.login.has_value(), "a login has credentials");
        require(!presented.request.speculative, "what nobody looks at opens nothing");
        if (is_right(*credentials)) open(browser, examined, *credentials, presented);
        break;
      default:
        require(!examined.login, "nothing else opens a session");
    }
  }

  bool is_right(const Credentials& credentials) const {
    const std::size_t user = credentials.user() == kUsers[0] ? 0 : 1;
    return credentials.password() == password(user, versions_[user]);
  }

  void open(std::size_t browser, const core::Examined& examined, const Credentials& credentials,
            const core::Presented& presented) {
    const core::Result<core::OpenedSession> opened =
        service_.open(*examined.login,
                      {.identity = {.user = std::string(credentials.user())},
                       .zone = std::string(kZone),
                       .verifier = policy_.verifier,
                       .address = "",
                       .user_agent = ""},
                      policy_, now_);
    require(opened.ok(), "a store that answers opens");
    if (opened->outcome == core::OpenOutcome::Conflict) {
      const auto refused =
          service_.refuse_conflict(*examined.login, presented, policy_.limits, now_);
      require(refused.ok() && !refused->login, "a conflict opens nothing");
      keep(browser, refused->cookie_value);
      return;
    }
    if (opened->outcome == core::OpenOutcome::TooMany) return;
    keep(browser, opened->cookie_value);
    passwords_.emplace(opened->session.key, credentials.password());
    admitted(opened->session, credentials);
  }

  void admitted(const core::NamedSession& session, const Credentials& credentials) {
    require(!ended_.contains(session.key), "what has ended is never admitted again");
    require(session.session->identity.user == credentials.user(), "nobody is admitted as another");
    const auto opened_with = passwords_.find(session.key);
    require(opened_with != passwords_.end(), "what is admitted was opened");
    require(opened_with->second == credentials.password(), "with the password that opened it");
    const auto record = store_.records().find(session.key);
    require(record != store_.records().end() && record->second.session, "the store knows of it");
    require(core::is_live(*session.session, std::nullopt, policy_.limits, now_),
            "what is over is not admitted");
  }

  void log_out() {
    const auto browser = input_.ConsumeIntegralInRange<std::size_t>(0, kBrowsers - 1);
    const std::string header = take_header(browser);
    const std::optional<Credentials> credentials = take_credentials();
    const core::Presented presented = present(header, credentials, take_traits());
    const core::LogoutRequest what{
        .scope = input_.PickValueInArray({core::LogoutScope::ThisBrowser,
                                          core::LogoutScope::OtherBrowsers,
                                          core::LogoutScope::AllBrowsers}),
        .answered_by_challenge = input_.ConsumeBool()};
    const auto done = service_.logout(presented, what, policy_.limits, now_);
    require(done.ok(), "a store that answers logs out");
    for (const core::RecordKey& key : done->ended) ended_.insert(key);
    keep(browser, done->cookie_value);
    if (!done->swept || !done->session) return;
    const core::Result<core::ListPage> all = store_.list(std::nullopt, 1000);
    for (const core::Listed& listed : all->sessions) {
      const bool of_the_user =
          listed.session.identity.user == done->session->session->identity.user;
      const bool spared =
          what.scope == core::LogoutScope::OtherBrowsers && listed.key == done->session->key;
      if (of_the_user && !spared) {
        require(listed.session.end || listed.outgrown, "a logout everywhere leaves none");
        ended_.insert(listed.key);
      }
    }
    check_that_it_is_over(credentials, presented);
  }

  // The same request again finds nothing to be admitted as.
  void check_that_it_is_over(const std::optional<Credentials>& credentials,
                             const core::Presented& presented) {
    const core::Examined after = service_.examine(presented, policy_, now_);
    const bool let_on =
        after.verdict.action == Action::Admit || after.verdict.action == Action::AdmitSuccessor;
    if (let_on) admitted(*after.session, *credentials);
  }

  void change_password() {
    const std::size_t user = input_.ConsumeBool() ? 1 : 0;
    ++versions_[user];
  }

  void remember_ended() {
    for (const auto& [key, record] : store_.records()) {
      const bool over = record.session && record.session->end;
      if (over) ended_.insert(key);
      require(over || !ended_.contains(key) || !record.session || is_outgrown(key),
              "what has ended stays ended");
    }
  }

  bool is_outgrown(const core::RecordKey& key) {
    const core::Result<core::Look> look = store_.find(key);
    return look->found && look->found->outgrown.has_value();
  }

  void keep(std::size_t browser, const std::string& value) {
    if (value.empty()) return;
    require(value.size() <= 200 && !holds_control(value), "a cookie is short and plain");
    jars_[browser] = value;
    given_.push_back(value);
  }

  FuzzedDataProvider& input_;
  store::MemoryStore store_{core::Hash256{1}};
  const core::KeyRing keys_ = one_key();
  CountingEntropy entropy_;
  core::Service service_{store_, keys_, entropy_};
  core::Policy policy_{.limits = {}};
  core::TimePoint now_{core::Seconds(1'800'000'000)};
  std::array<std::string, kBrowsers> jars_;
  std::vector<std::string> given_;  // every cookie that was ever set
  std::array<unsigned, kUsers.size()> versions_{1, 1};
  std::map<core::RecordKey, std::string> passwords_;  // that sessions were opened with
  std::set<core::RecordKey> ended_;
};

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider input(bytes, size);
  epoch::fuzz::World(input).run();
  return 0;
}
