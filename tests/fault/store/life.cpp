#include "life.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/account.h"
#include "store_testing.h"

namespace epoch::fault {
namespace {

using core::Done;
using core::EndReason;
using core::Reach;
using core::Result;
using core::TimePoint;
using store::kNoon;
using store::LmdbStore;
using store::new_client;
using store::numbered;

constexpr std::uint64_t kNumbersARound = 1000;
const core::WatchId kWatch = numbered(77);
const core::WatchId kOtherWatch = numbered(78);

core::RecordKey key_of(std::uint64_t number) { return core::record_key_of(numbered(number)); }

core::AccountId account_of_bob() { return core::account_of("ldap://one/", "cn=bob"); }

template <typename T>
Result<Done> done(const Result<T>& result) {
  if (!result) return result.error();
  return Done{};
}

struct Login {
  std::uint64_t number;
  std::string user = "alice";
  std::string zone = "zone";
  std::optional<core::Lineage> follows = {};
  std::optional<core::SessionLimit> limit = {};
  std::size_t long_variable = 0;  // so many bytes of what a directory says of the user
};

Step log_in(const Login& login, TimePoint now) {
  return {"login " + std::to_string(login.number), [login, now](LmdbStore& store) -> Result<Done> {
            const Result<core::StoreMoment> moment = store.moment();
            if (!moment) return moment.error();
            core::Opening opening = store::login(
                login.number, login.follows.value_or(new_client(login.number)), *moment, now);
            core::Identity& identity = opening.session.identity;
            identity.user = login.user;
            if (login.user == "bob") identity.account = account_of_bob();
            if (login.long_variable > 0) {
              identity.variables.emplace_back("AUTHENTICATE_MEMBEROF",
                                              std::string(login.long_variable, 'g'));
            }
            opening.session.zone = login.zone;
            opening.session_limit = login.limit;
            const Result<core::Opened> opened = store.open(opening);
            if (opened && opened->outcome != core::OpenOutcome::Opened) {
              return core::Error{core::ErrorCode::Malformed, "a login of the test was not opened"};
            }
            return done(opened);
          }};
}

Step touch(std::vector<std::uint64_t> numbers, TimePoint now) {
  return {"touches", [numbers = std::move(numbers), now](LmdbStore& store) {
            std::vector<core::Touch> touches;
            for (const std::uint64_t number : numbers) {
              touches.push_back({.key = key_of(number), .seen = now + core::Seconds(90)});
            }
            return done(store.touch(touches));
          }};
}

Step end(std::uint64_t number, EndReason reason, TimePoint now) {
  return {"end " + std::to_string(number),
          [=](LmdbStore& store) { return done(store.end(key_of(number), reason, now)); }};
}

Step close(std::uint64_t number, TimePoint now, std::optional<core::Sweep> sweep = std::nullopt) {
  return {
      "logout " + std::to_string(number), [=](LmdbStore& store) {
        return done(store.close(
            {.root = numbered(number), .reason = EndReason::LoggedOut, .at = now, .sweep = sweep}));
      }};
}

Step sweep(const core::Sweep& what, TimePoint now) {
  return {"sweep", [=](LmdbStore& store) { return done(store.sweep(what, now)); }};
}

Step verify(std::uint64_t number, TimePoint now) {
  return {"verification", [=](LmdbStore& store) {
            return done(store.note_verified(
                {.key = key_of(number),
                 .identity = {.user = "alice", .variables = {{"AUTHENTICATE_MAIL", "a@b.example"}}},
                 .at = now + core::Seconds(60)}));
          }};
}

Step watch(const core::WatchId& watch, const core::WatchChanges& changes) {
  return {"watcher", [=](LmdbStore& store) { return store.apply(watch, changes); }};
}

core::WatchedEntry entry(std::uint8_t number) {
  return {.uuid = {number}, .dn = "cn=" + std::to_string(number), .state = {}};
}

Step purge(TimePoint now) {
  return {"purge", [=](LmdbStore& store) { return done(store.purge(std::nullopt, 100, now)); }};
}

void add_round(unsigned round, std::vector<Step>& steps) {
  const TimePoint now = kNoon + std::chrono::hours(13 * round);
  const std::uint64_t first = (round + 1) * kNumbersARound;
  const core::SessionLimit three{.most = 3, .deny = false};
  const auto add = [&](Step step) { steps.push_back(std::move(step)); };

  add(log_in({.number = first}, now));
  add(log_in({.number = first + 1, .user = "bob"}, now));
  add(log_in({.number = first + 2, .zone = "elsewhere", .long_variable = 9000}, now));
  add(touch({first, first + 1, first + 2}, now));
  add(end(first + 1, EndReason::IdleTimeout, now));
  add(close(first, now));
  add(log_in(
      {.number = first + 3, .follows = core::Lineage{.root = numbered(first), .generation = 1}},
      now));
  add(verify(first + 3, now));
  for (std::uint64_t i = 4; i < 8; ++i) add(log_in({.number = first + i, .limit = three}, now));
  add(sweep({.reach = Reach::UserInZone,
             .zone = "zone",
             .subject = core::subject_of({.user = "alice"}),
             .except = key_of(first + 7)},
            now));
  add(log_in({.number = first + 8, .user = "bob"}, now));
  core::WatchChanges found;
  for (std::uint8_t i = 0; i < 8; ++i) found.put.push_back(entry(i));
  found.cookie = "position " + std::to_string(round);
  found.revoke = {{.account = account_of_bob(), .reason = EndReason::PasswordChanged}};
  add(watch(kWatch, found));
  add(log_in({.number = first + 9, .user = "bob", .zone = "elsewhere"}, now));
  add(sweep({.reach = Reach::Zone, .zone = "elsewhere", .subject = {}, .except = {}}, now));
  core::WatchChanges gone;
  gone.erase = {{1}, {3}};
  gone.cookie = "next position " + std::to_string(round);
  add(watch(round % 2 == 0 ? kWatch : kOtherWatch, gone));
  add({"watches kept", [](LmdbStore& store) { return store.keep_watches({{kWatch}}); }});
  add(close(first + 7, now,
            core::Sweep{.reach = Reach::UserInZone,
                        .zone = "zone",
                        .subject = core::subject_of({.user = "alice"}),
                        .except = {}}));
  add(purge(now));
  if (round % 2 == 1) {
    add(sweep({.reach = Reach::Everything, .zone = {}, .subject = {}, .except = {}}, now));
  }
  for (std::uint64_t i = 10; i < 14; ++i) {
    add(log_in({.number = first + i, .user = "user " + std::to_string(i)}, now));
  }
}

}  // namespace

std::vector<Step> childhood() {
  std::vector<Step> steps;
  for (std::uint64_t i = 0; i < 24; ++i) {
    steps.push_back(log_in({.number = i, .user = "user " + std::to_string(i)}, kNoon));
    if (i % 3 == 0) steps.push_back(close(i, kNoon));
  }
  return steps;
}

std::vector<Step> life(unsigned rounds) {
  std::vector<Step> steps;
  for (unsigned round = 0; round < rounds; ++round) add_round(round, steps);
  return steps;
}

Result<std::string> description(LmdbStore& store) {
  Result<store::Contents> contents = store.contents();
  if (!contents) return contents.error();
  std::string text;
  for (const auto& [key, record] : contents->records) {
    text += core::text_of(key.value);
    text += core::encode(record);
  }
  std::vector<std::uint64_t> commits;
  for (const store::KeyedEpoch& epoch : contents->epochs) commits.push_back(epoch.epoch.commit);
  std::sort(commits.begin(), commits.end());
  for (const auto& [key, epoch] : contents->epochs) {
    text += core::text_of(key);
    text += " " + std::to_string(epoch.value) + " " + std::string(core::to_string(epoch.reason)) +
            " " +
            std::to_string(std::lower_bound(commits.begin(), commits.end(), epoch.commit) -
                           commits.begin());
  }
  for (const core::WatchId& watch : {kWatch, kOtherWatch}) {
    const Result<std::optional<std::string>> cookie = store.watch_cookie(watch);
    if (!cookie) return cookie.error();
    const Result<core::WatchPage> page = store.list_watched(watch, std::nullopt, 1000);
    if (!page) return page.error();
    text += "|" + cookie->value_or("none");
    for (const core::WatchedEntry& entry : page->entries) text += " " + entry.dn;
  }
  return text;
}

}  // namespace epoch::fault
