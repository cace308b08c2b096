// How long lists of sessions and their ends take, in a store of a thousand sessions and in one of
// as many as asked for (a million), side by side. Prints milliseconds, the median of some rounds.
//
//   lists [sessions]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/administration.h"
#include "store/lmdb_store.h"
#include "store/store_directory.h"

namespace {

using namespace epoch;  // NOLINT: one short program
using core::Seconds;

constexpr core::TimePoint kNow{Seconds(1'800'000'000)};
constexpr core::Limits kLimits{.idle = Seconds(1800), .max_age = Seconds(43200)};
constexpr std::size_t kSmall = 1000;
constexpr std::size_t kShare = 10;  // one in ten sessions is the busy user's
constexpr std::size_t kSessionsOfAUser = 9;
constexpr int kRounds = 21;
const std::string kZone = "www.example.org:443 \"Intranet\"";
const std::string kBusy = "svc-busy";

core::Hash256 root_of(std::uint64_t number) {
  return core::sha256({core::bytes_of(std::to_string(number))});
}

core::Identity somebody(const std::string& user) {
  return {.user = user,
          .account = core::sha256({core::bytes_of(user)}),
          .dn = "uid=" + user + ",ou=people,dc=example,dc=org"};
}

core::Session session_of(const std::string& user) {
  core::Session session;
  session.identity = somebody(user);
  session.zone = kZone;
  session.created = session.authenticated = session.verified = session.last_seen = kNow;
  session.expires = kNow + kLimits.max_age;
  session.address = "192.0.2.17";
  session.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  return session;
}

std::string user_of(std::size_t number) {
  return number % kShare == 0 ? kBusy : "user" + std::to_string(number / kSessionsOfAUser);
}

class Site {
 public:
  explicit Site(std::size_t sessions) : store_(options()) {
    store::Contents contents;
    for (std::size_t i = 0; i < sessions; ++i) {
      core::Record record;
      record.session = session_of(user_of(i));
      contents.records.emplace_back(core::record_key_of(root_of(i)), std::move(record));
    }
    if (!store_.fill(contents).ok()) throw std::runtime_error("the store could not be filled");
    next_ = sessions;
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site() { std::filesystem::remove_all(directory_); }

  core::SessionStore& store() { return store_; }

  [[nodiscard]] std::uintmax_t bytes() const {
    return std::filesystem::file_size(directory_ + "/data.mdb");
  }

  std::size_t own(const std::string& user) {
    return store_.list_of(somebody(user), kZone, std::nullopt, 100)->sessions.size();
  }
  std::size_t search(const core::SessionFilter& filter) {
    return core::find_sessions(store_, filter, std::nullopt, 50, kNow)->sessions.size();
  }
  void end_all(core::Reach reach) {
    core::Sweep sweep{.reach = reach,
                      .zone = kZone,
                      .subject = core::subject_of(somebody(kBusy)),
                      .except = std::nullopt};
    if (!store_.sweep(sweep, kNow).ok()) throw std::runtime_error("nothing was ended");
  }
  void read_through() {
    if (!store_.heal(1)) throw std::runtime_error("the store is not sound");
  }
  void log_in(const std::string& user, std::optional<core::SessionLimit> limit) {
    const core::Hash256 root = root_of(++next_);
    core::Opening opening{.key = core::record_key_of(root),
                          .root = root,
                          .session = session_of(user),
                          .follows = {.root = root_of(++next_)},
                          .signing_key = 1,
                          .seen = *store_.moment(),
                          .limits = kLimits,
                          .now = kNow,
                          .session_limit = limit};
    if (!store_.open(opening).ok()) throw std::runtime_error("nobody was logged in");
  }

 private:
  store::StoreOptions options() {
    std::string name = std::filesystem::temp_directory_path() / "epoch-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory to work in");
    directory_ = name;
    store::StoreOptions options;
    options.directory = directory_;
    return options;
  }

  std::string directory_;
  store::LmdbStore store_;
  std::size_t next_ = 0;
};

double milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

// By turns, so that what else the machine does strikes both.
void compare(const char* what, Site& small, Site& large, const std::function<void(Site&)>& work,
             int rounds = kRounds) {
  std::vector<double> of_small;
  std::vector<double> of_large;
  for (int i = 0; i < rounds; ++i) {
    of_small.push_back(milliseconds([&] { work(small); }));
    of_large.push_back(milliseconds([&] { work(large); }));
  }
  const auto median = [](std::vector<double>& all) {
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2),
                     all.end());
    return all[all.size() / 2];
  };
  const double one = median(of_small);
  const double other = median(of_large);
  std::printf("| %-58s | %9.3f | %9.3f | %8.2f |\n", what, one, other, other / one);
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t sessions =
      count > 1 ? std::strtoull(arguments[1], nullptr, 10) : std::size_t{1'000'000};
  Site small(kSmall);
  Site large(sessions);
  std::printf("%zu and %zu sessions, one in %zu of one user; %ju bytes a session\n\n", kSmall,
              sessions, kShare, large.bytes() / sessions);
  std::printf("| %-58s | %9s | %9s | %8s |\n|---|---|---|---|\n", "milliseconds", "small", "large",
              "ratio");

  compare("one's own sessions", small, large, [](Site& site) { site.own("user7"); });
  compare("the first 100 of the user with most", small, large, [](Site& site) { site.own(kBusy); });
  compare("the administrator's first page", small, large, [](Site& site) { site.search({}); });
  compare("by the beginning of a name", small, large,
          [](Site& site) { site.search({.user = "user9"}); });
  compare("by an address that nobody has", small, large,
          [](Site& site) { site.search({.address = "198.51.100.1"}); });
  compare(
      "reading the store through, as once an hour", small, large,
      [](Site& site) { site.read_through(); }, 3);
  compare("a login, 100 oldest, of a user who has nine", small, large,
          [](Site& site) { site.log_in("user7", core::SessionLimit{.most = 100, .deny = false}); });
  compare("the same without a limit", small, large,
          [](Site& site) { site.log_in("user8", std::nullopt); });
  compare("ending all of the user with most", small, large,
          [](Site& site) { site.end_all(core::Reach::UserInZone); });
  compare("then: their own list", small, large, [](Site& site) { site.own(kBusy); });
  compare("then: the administrator's list of them", small, large,
          [](Site& site) { site.search({.user = kBusy}); });
  compare("ending everything", small, large,
          [](Site& site) { site.end_all(core::Reach::Everything); });
  compare("then: the administrator's first page", small, large,
          [](Site& site) { site.search({}); });
}
