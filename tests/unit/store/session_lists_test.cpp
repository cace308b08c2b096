// Lists of sessions by user and by name, and AuthEpochMaxSessions, as every store keeps them.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/account.h"
#include "memory_store.h"
#include "store/lmdb_store.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

using core::EndReason;
using core::Identity;
using core::IndexPage;
using core::Opened;
using core::Opening;
using core::OpenOutcome;
using core::Position;
using core::RecordKey;
using core::Seconds;

using MakeStore = std::unique_ptr<core::SessionStore> (*)(const ScratchDirectory&);

std::unique_ptr<core::SessionStore> make_memory(const ScratchDirectory&) {
  return std::make_unique<MemoryStore>(numbered(42));
}

std::unique_ptr<core::SessionStore> make_lmdb(const ScratchDirectory& directory) {
  return std::make_unique<LmdbStore>(options_for(directory));
}

class SessionLists : public testing::TestWithParam<MakeStore> {
 protected:
  SessionLists() : store_(GetParam()(directory_)) {}

  static Identity named(const std::string& user) { return {.user = user}; }

  // Sessions that are opened one after the other, a second apart.
  Opened open(std::uint64_t number, const Identity& user, const std::string& zone = "zone",
              std::optional<core::SessionLimit> limit = std::nullopt) {
    Opening opening = login(number, new_client(number), *store_->moment(), now_ += Seconds(1));
    opening.session.identity = user;
    opening.session.zone = zone;
    opening.session_limit = limit;
    return *store_->open(opening);
  }
  Opened open(std::uint64_t number, const std::string& user) { return open(number, named(user)); }

  static std::vector<RecordKey> keys_of(const IndexPage& page) {
    std::vector<RecordKey> keys;
    for (const core::NamedSession& each : page.sessions) keys.push_back(each.key);
    return keys;
  }

  std::vector<RecordKey> list_of(const Identity& user, const std::string& zone = "zone") {
    return keys_of(*store_->list_of(user, zone, std::nullopt, 100));
  }
  std::vector<RecordKey> list_of(const std::string& user) { return list_of(named(user)); }

  std::vector<RecordKey> list_by_name(const std::string& beginning) {
    return keys_of(*store_->list_by_name(beginning, std::nullopt, 100));
  }

  static std::vector<RecordKey> numbers(std::initializer_list<std::uint64_t> numbers) {
    std::vector<RecordKey> keys;
    for (const std::uint64_t number : numbers) {
      keys.push_back(core::record_key_of(numbered(number)));
    }
    return keys;
  }

  ScratchDirectory directory_;
  std::unique_ptr<core::SessionStore> store_;
  core::TimePoint now_ = kNoon;
};

TEST_P(SessionLists, AreOfOneUserInOneZoneTheOldestFirst) {
  open(1, "alice");
  open(2, "bob");
  open(3, named("alice"), "elsewhere");
  open(4, "alice");
  EXPECT_EQ(list_of("alice"), numbers({1, 4}));
  EXPECT_EQ(list_of("bob"), numbers({2}));
  EXPECT_EQ(list_of(named("alice"), "elsewhere"), numbers({3}));
  EXPECT_TRUE(list_of("Alice").empty()) << "who without a directory is somebody else";
}

TEST_P(SessionLists, KnowAnAccountUnderEverySpelling) {
  Identity alice{.user = "alice", .account = core::account_of("ldap://one/", "cn=alice")};
  open(1, alice);
  alice.user = "Alice";
  open(2, alice);
  open(3, "alice");
  EXPECT_EQ(list_of(alice), numbers({1, 2}));
  EXPECT_EQ(list_by_name("ALI").size(), 3U);
}

TEST_P(SessionLists, FindLongNamesByAllOfTheirLetters) {
  const std::string beginning(600, 'n');
  open(1, beginning + "a");
  open(2, beginning + "b");
  open(3, "n");
  EXPECT_EQ(list_by_name("n").size(), 3U);
  EXPECT_EQ(list_by_name(beginning).size(), 2U);
  EXPECT_EQ(list_by_name(beginning + "A"), numbers({1}));
  EXPECT_TRUE(list_by_name(beginning + "c").empty());
}

TEST_P(SessionLists, FindNothingByMoreThanAName) {
  open(1, "alice");
  EXPECT_EQ(list_by_name("alice"), numbers({1}));
  EXPECT_TRUE(list_by_name(std::string("alice\0", 6)).empty());
}

TEST_P(SessionLists, LeaveOutWhatHasEnded) {
  for (std::uint64_t number = 1; number <= 4; ++number) open(number, "alice");
  EXPECT_TRUE(*store_->end(core::record_key_of(numbered(2)), EndReason::LoggedOut, now_));
  EXPECT_EQ(list_of("alice"), numbers({1, 3, 4}));
  EXPECT_EQ(list_by_name(""), numbers({1, 3, 4}));

  const RecordKey spared = core::record_key_of(numbered(3));
  const core::Sweep others{
      .reach = core::Reach::UserInZone, .zone = "zone", .subject = "alice", .except = spared};
  ASSERT_TRUE(store_->sweep(others, now_).ok());
  EXPECT_EQ(list_of("alice"), numbers({3}));
  EXPECT_EQ(list_by_name("alice"), numbers({3}));

  open(5, "alice");
  EXPECT_EQ(list_of("alice"), numbers({3, 5}));
  const core::Sweep everything{
      .reach = core::Reach::Everything, .zone = "", .subject = "", .except = std::nullopt};
  ASSERT_TRUE(store_->sweep(everything, now_).ok());
  EXPECT_TRUE(list_of("alice").empty());
  EXPECT_TRUE(list_by_name("").empty());
}

TEST_P(SessionLists, AreRememberedNoLongerThanTheirSessions) {
  open(1, "alice");
  const core::TimePoint later = now_ + kLimits.max_age + core::kRemembered + Seconds(1);
  EXPECT_EQ(list_of("alice"), numbers({1})) << "overdue, but nobody has said so";
  ASSERT_TRUE(store_->purge(std::nullopt, 100, later).ok());
  EXPECT_TRUE(list_of("alice").empty());
  EXPECT_TRUE(list_by_name("").empty());
}

TEST_P(SessionLists, ComeInPages) {
  const std::string names[] = {"alice", "Alan", "bob", "al"};
  for (std::uint64_t number = 0; number < 40; ++number) open(number, names[number % 4]);

  const auto read = [&](const auto& ask) {
    std::vector<RecordKey> all;
    std::optional<Position> from;
    do {
      const IndexPage page = *ask(from);
      EXPECT_LE(page.sessions.size(), 3U);
      const std::vector<RecordKey> some = keys_of(page);
      all.insert(all.end(), some.begin(), some.end());
      from = page.next;
    } while (from);
    return all;
  };
  EXPECT_EQ(read([&](const auto& from) { return store_->list_of(named("bob"), "zone", from, 3); }),
            list_of("bob"));
  EXPECT_EQ(list_of("bob").size(), 10U);
  const std::vector<RecordKey> found =
      read([&](const auto& from) { return store_->list_by_name("AL", from, 3); });
  EXPECT_EQ(found, list_by_name("al"));
  EXPECT_EQ(std::set<RecordKey>(found.begin(), found.end()).size(), 30U);
  EXPECT_TRUE(list_by_name("carol").empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, SessionLists, testing::Values(&make_memory, &make_lmdb));

class SessionLimit : public SessionLists {
 protected:
  static constexpr core::SessionLimit kThreeOldest{.most = 3, .deny = false};
  static constexpr core::SessionLimit kThreeDeny{.most = 3, .deny = true};

  void open_three() {
    for (std::uint64_t number = 1; number <= 3; ++number) {
      EXPECT_TRUE(open(number, named("alice"), "zone", kThreeOldest).ended.empty());
    }
  }

  EndReason reason_of(std::uint64_t number) {
    return store_->find(core::record_key_of(numbered(number)))->found->record.session->end->reason;
  }
};

TEST_P(SessionLimit, EndsTheOldest) {
  open_three();
  const Opened opened = open(4, named("alice"), "zone", kThreeOldest);
  EXPECT_EQ(opened.outcome, OpenOutcome::Opened);
  ASSERT_EQ(opened.ended.size(), 1U);
  EXPECT_EQ(opened.ended[0].key, core::record_key_of(numbered(1)));
  EXPECT_EQ(reason_of(1), EndReason::SessionLimit);
  EXPECT_EQ(list_of("alice"), numbers({2, 3, 4}));
}

TEST_P(SessionLimit, OrDeniesTheLogin) {
  open_three();
  EXPECT_EQ(open(4, named("alice"), "zone", kThreeDeny).outcome, OpenOutcome::TooMany);
  EXPECT_FALSE(store_->find(core::record_key_of(numbered(4)))->found) << "nothing is written";
  EXPECT_EQ(list_of("alice"), numbers({1, 2, 3}));

  ASSERT_TRUE(*store_->end(core::record_key_of(numbered(2)), EndReason::LoggedOut, now_));
  EXPECT_EQ(open(4, named("alice"), "zone", kThreeDeny).outcome, OpenOutcome::Opened);
}

TEST_P(SessionLimit, IsOfEachUserAndZone) {
  open_three();
  EXPECT_EQ(open(4, named("bob"), "zone", kThreeDeny).outcome, OpenOutcome::Opened);
  EXPECT_EQ(open(5, named("alice"), "elsewhere", kThreeDeny).outcome, OpenOutcome::Opened);
}

TEST_P(SessionLimit, DoesNotCountWhatIsOverdue) {
  open_three();
  now_ += kLimits.idle * 2;
  const Opened opened = open(4, named("alice"), "zone", kThreeDeny);
  EXPECT_EQ(opened.outcome, OpenOutcome::Opened);
  EXPECT_EQ(opened.ended.size(), 3U);
  EXPECT_EQ(reason_of(1), EndReason::IdleTimeout);
  EXPECT_EQ(list_of("alice"), numbers({4}));
}

TEST_P(SessionLimit, DoesNotCountWhatTheLoginTakesThePlaceOf) {
  open_three();
  Opening opening = login(4, {.root = numbered(2)}, *store_->moment(), now_ += Seconds(1));
  opening.session_limit = kThreeDeny;
  const Opened opened = *store_->open(opening);
  EXPECT_EQ(opened.outcome, OpenOutcome::Opened);
  EXPECT_EQ(reason_of(2), EndReason::Superseded);
  EXPECT_EQ(list_of("alice"), numbers({1, 3, 4}));
}

TEST_P(SessionLimit, BringsALongListDownLittleByLittle) {
  for (std::uint64_t number = 1; number <= 700; ++number) open(number, "alice");
  std::size_t before = 700;
  for (std::uint64_t number = 1001; list_of("alice").size() > 3; ++number) {
    const Opened opened = open(number, named("alice"), "zone", kThreeOldest);
    EXPECT_EQ(opened.outcome, OpenOutcome::Opened);
    before = before + 1 - opened.ended.size();
    ASSERT_LT(number, 1010U);
  }
  EXPECT_EQ(before, 3U);
}

INSTANTIATE_TEST_SUITE_P(Stores, SessionLimit, testing::Values(&make_memory, &make_lmdb));

}  // namespace
}  // namespace epoch::store
