// The contract of core::SessionStore, kept by every store, also while it fails now and then.
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "failing_store.h"
#include "memory_store.h"
#include "persistent_store.h"
#include "store/lmdb_store.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

using core::Closed;
using core::EndReason;
using core::Lineage;
using core::Opened;
using core::Opening;
using core::OpenOutcome;
using core::Reach;
using core::RecordKey;
using core::Result;
using core::Seconds;
using core::Sweep;

struct Kind {
  std::string name;
  std::function<std::unique_ptr<core::SessionStore>(const ScratchDirectory&)> make;
};

// What a failure shows. The bytes of a Kind, which it would show else, are partly nobody's.
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

std::unique_ptr<core::SessionStore> make_memory(const ScratchDirectory&) {
  return std::make_unique<MemoryStore>(numbered(42));
}

std::unique_ptr<core::SessionStore> make_lmdb(const ScratchDirectory& directory) {
  return std::make_unique<LmdbStore>(options_for(directory));
}

template <auto make, unsigned every>
std::unique_ptr<core::SessionStore> make_failing(const ScratchDirectory& directory) {
  return std::make_unique<Persistent>(std::make_unique<FailingStore>(make(directory), every),
                                      false);
}

std::unique_ptr<core::SessionStore> make_lmdb_on_full_disk(const ScratchDirectory& directory) {
  return std::make_unique<Persistent>(make_lmdb(directory), true);
}

class StoreContract : public testing::TestWithParam<Kind> {
 protected:
  StoreContract() : store_(GetParam().make(directory_)) {}

  // The record, which must be there.
  core::Record record(const RecordKey& key) {
    const Result<core::Look> look = store_->find(key);
    EXPECT_TRUE(look.ok() && look->found);
    return look && look->found ? look->found->record : core::Record{};
  }

  Opened open(const Opening& opening) {
    const Result<Opened> opened = store_->open(opening);
    EXPECT_TRUE(opened.ok()) << (opened ? "" : opened.error().detail);
    return *opened;
  }

  Closed close(const core::Hash256& root, std::optional<Sweep> sweep = std::nullopt) {
    return *store_->close({.root = root,
                           .reason = EndReason::LoggedOut,
                           .at = kNoon + Seconds(60),
                           .sweep = std::move(sweep)});
  }

  ScratchDirectory directory_;
  std::unique_ptr<core::SessionStore> store_;
};

Sweep all_of(const std::string& user, const std::string& zone) {
  return {.reach = Reach::UserInZone, .zone = zone, .subject = user, .except = std::nullopt};
}
Sweep all_in(const std::string& zone) {
  return {.reach = Reach::Zone, .zone = zone, .subject = {}, .except = std::nullopt};
}
Sweep everything() {
  return {.reach = Reach::Everything, .zone = {}, .subject = {}, .except = std::nullopt};
}

TEST_P(StoreContract, AnUnknownKeyIsAbsentAndNotAnError) {
  const Result<core::Look> look = store_->find(core::record_key_of(numbered(1)));
  ASSERT_TRUE(look.ok());
  EXPECT_FALSE(look->found);
}

TEST_P(StoreContract, TheInstanceStaysTheSame) {
  const core::Hash256 before = *store_->instance();
  open_new(*store_, 1);
  EXPECT_EQ(*store_->instance(), before);
  EXPECT_NE(before, core::Hash256{});
}

TEST_P(StoreContract, AnOpenedSessionIsFoundAsItWasOpened) {
  const Opening opening = open_new(*store_, 1);
  ASSERT_TRUE(lives(*store_, opening.key));
  core::Record expected;
  expected.session = opening.session;
  EXPECT_EQ(core::encode(record(opening.key)), core::encode(expected));
}

TEST_P(StoreContract, TheSameAnswerSentTwiceJoinsTheSessionItOpened) {
  const Opening first = open_new(*store_, 1);
  const Opened second = open(login(1, first.follows, first.seen, kNoon + Seconds(1)));
  EXPECT_EQ(second.outcome, OpenOutcome::Joined);
  EXPECT_EQ(second.session.created, kNoon);
}

TEST_P(StoreContract, AnEndedSessionIsNotJoined) {
  const Opening first = open_new(*store_, 1);
  EXPECT_TRUE(*store_->end(first.key, EndReason::IdleTimeout, kNoon));
  EXPECT_EQ(open(login(1, first.follows, *store_->moment())).outcome, OpenOutcome::Conflict);
}

TEST_P(StoreContract, ASessionPastItsIdleTimeIsNotJoined) {
  const Opening first = open_new(*store_, 1);
  const Opening late = login(1, first.follows, *store_->moment(), kNoon + Seconds(4000));
  EXPECT_EQ(open(late).outcome, OpenOutcome::Conflict);
}

TEST_P(StoreContract, ALoginVerifiedBeforeAnEpochGrewOpensNothing) {
  std::uint64_t number = 0;
  for (const Sweep& sweep : {all_of("alice", "zone"), all_in("zone"), everything()}) {
    const Opening opening = login(number, new_client(number), *store_->moment());
    ++number;
    ASSERT_TRUE(store_->sweep(sweep, kNoon).ok());
    EXPECT_EQ(open(opening).outcome, OpenOutcome::Conflict);
    EXPECT_FALSE(store_->find(opening.key)->found);
    EXPECT_FALSE(store_->find(core::record_key_of(opening.follows.root))->found);
  }
}

TEST_P(StoreContract, ALoginVerifiedAfterAnEpochGrewOpens) {
  ASSERT_TRUE(store_->sweep(everything(), kNoon).ok());
  ASSERT_TRUE(store_->sweep(all_in("zone"), kNoon).ok());
  ASSERT_TRUE(store_->sweep(all_of("alice", "zone"), kNoon).ok());
  const Opening opening = open_new(*store_, 1);
  EXPECT_TRUE(lives(*store_, opening.key));
  EXPECT_EQ(record(opening.key).session->opened_under,
            (core::Epochs{.store = 1, .zone = 1, .user = 1}));
}

TEST_P(StoreContract, EpochsOfOtherUsersAndZonesAreNoConflict) {
  const Opening opening = login(1, new_client(1), *store_->moment());
  ASSERT_TRUE(store_->sweep(all_of("bob", "zone"), kNoon).ok());
  ASSERT_TRUE(store_->sweep(all_of("alice", "elsewhere"), kNoon).ok());
  ASSERT_TRUE(store_->sweep(all_in("elsewhere"), kNoon).ok());
  EXPECT_EQ(open(opening).outcome, OpenOutcome::Opened);
}

TEST_P(StoreContract, UserAndZoneAreNotConfusedWhereTheirNamesRunTogether) {
  const Opening opening = open_new(*store_, 1, "bc", "a");
  ASSERT_TRUE(store_->sweep(all_of("c", "ab"), kNoon).ok());
  ASSERT_TRUE(store_->sweep(all_of("a", "bc"), kNoon).ok());
  ASSERT_TRUE(store_->sweep(all_in("abc"), kNoon).ok());
  EXPECT_TRUE(lives(*store_, opening.key));
}

TEST_P(StoreContract, NamesOfAnyLengthAndAnyBytesAreKeptApart) {
  const std::string long_user(2000, 'u');
  const std::string with_nul("a\0b", 3);
  const Opening one = open_new(*store_, 1, long_user, with_nul);
  const Opening other = open_new(*store_, 2, long_user + "u", with_nul);
  ASSERT_TRUE(store_->sweep(all_of(long_user, with_nul), kNoon).ok());
  ASSERT_TRUE(store_->sweep(all_of(long_user, "a"), kNoon).ok());
  EXPECT_FALSE(lives(*store_, one.key));
  EXPECT_TRUE(lives(*store_, other.key));
  EXPECT_EQ(record(other.key).session->identity.user, long_user + "u");
}

TEST_P(StoreContract, AMomentOfAnotherStoreIsAConflict) {
  core::StoreMoment elsewhere = *store_->moment();
  ++elsewhere.instance;
  EXPECT_EQ(open(login(1, new_client(1), elsewhere)).outcome, OpenOutcome::Conflict);
}

TEST_P(StoreContract, AMomentThatHasNotComeYetIsAConflict) {
  core::StoreMoment later = *store_->moment();
  later.commit += 100;
  EXPECT_EQ(open(login(1, new_client(1), later)).outcome, OpenOutcome::Conflict);
}

TEST_P(StoreContract, EveryChangeMovesTheMomentOn) {
  const core::StoreMoment before = *store_->moment();
  const Opening opening = open_new(*store_, 1);
  const core::StoreMoment opened = *store_->moment();
  EXPECT_EQ(opened.instance, before.instance);
  EXPECT_GT(opened.commit, before.commit);
  ASSERT_TRUE(store_->sweep(everything(), kNoon).ok());
  EXPECT_GT(store_->moment()->commit, opened.commit);
  EXPECT_EQ(store_->find(opening.key)->moment.commit, store_->moment()->commit);
}

TEST_P(StoreContract, AnUnknownRootGetsARecordOfItsOwn) {
  const Opening opening = open_new(*store_, 1);
  const core::Record root = record(core::record_key_of(opening.follows.root));
  EXPECT_FALSE(root.session);
  EXPECT_EQ(root.succession.successor, opening.root);
  EXPECT_EQ(root.succession.signing_key, opening.signing_key);
  EXPECT_EQ(root.succession.generation, opening.follows.generation);
  EXPECT_EQ(root.succession.changed, kNoon);
}

TEST_P(StoreContract, AnUnknownRootKeepsTheGenerationItCameWith) {
  Opening opening = login(1, new_client(1), *store_->moment());
  opening.follows.generation = 5;
  EXPECT_EQ(open(opening).outcome, OpenOutcome::Opened);
  EXPECT_EQ(record(core::record_key_of(opening.follows.root)).succession.generation, 5U);
}

TEST_P(StoreContract, ALoginSupersedesTheSessionItFollows) {
  const Opening first = open_new(*store_, 1);
  const Opening second = login(2, Lineage{.root = first.root}, *store_->moment());
  const core::Opened opened = open(second);
  EXPECT_EQ(opened.outcome, OpenOutcome::Opened);
  ASSERT_EQ(opened.ended.size(), 1U);
  EXPECT_EQ(opened.ended[0].key, first.key);
  EXPECT_EQ(opened.ended[0].session->identity.user, "alice");
  EXPECT_TRUE(open(second).ended.empty()) << "joined: it had been superseded before";
  EXPECT_TRUE(lives(*store_, second.key));
  const core::Record before = record(first.key);
  ASSERT_TRUE(before.session->end);
  EXPECT_EQ(before.session->end->reason, EndReason::Superseded);
  EXPECT_EQ(before.succession.successor, second.root);
}

TEST_P(StoreContract, ALoginAfterAnEndedSessionLeavesItsEndAsItWas) {
  const Opening first = open_new(*store_, 1);
  EXPECT_TRUE(*store_->end(first.key, EndReason::IdleTimeout, kNoon + Seconds(9)));
  const core::Opened opened = open(login(2, Lineage{.root = first.root}, *store_->moment()));
  EXPECT_EQ(opened.outcome, OpenOutcome::Opened);
  EXPECT_TRUE(opened.ended.empty());
  EXPECT_EQ(record(first.key).session->end->reason, EndReason::IdleTimeout);
}

TEST_P(StoreContract, OtherCredentialsForTheSameChallengeSupersedeTheLiveSuccessor) {
  const Opening first = open_new(*store_, 1);
  const Opening second = login(2, first.follows, *store_->moment());
  const core::Opened opened = open(second);
  EXPECT_EQ(opened.outcome, OpenOutcome::Opened);
  ASSERT_EQ(opened.ended.size(), 1U);
  EXPECT_EQ(opened.ended[0].key, first.key);
  EXPECT_FALSE(lives(*store_, first.key));
  EXPECT_TRUE(lives(*store_, second.key));
  EXPECT_EQ(record(first.key).succession.successor, second.root);
  EXPECT_EQ(record(core::record_key_of(first.follows.root)).succession.successor, first.root);
}

TEST_P(StoreContract, AChallengeWhoseSuccessorHasEndedOpensNothing) {
  const Opening first = open_new(*store_, 1);
  EXPECT_TRUE(*store_->end(first.key, EndReason::LoggedOut, kNoon));
  const Opening second = login(2, first.follows, *store_->moment());
  EXPECT_EQ(open(second).outcome, OpenOutcome::Conflict);
  EXPECT_FALSE(store_->find(second.key)->found);
}

TEST_P(StoreContract, AChallengeWhoseSuccessorWasSweptAwayOpensNothing) {
  const Opening first = open_new(*store_, 1);
  ASSERT_TRUE(store_->sweep(all_of("alice", "zone"), kNoon).ok());
  EXPECT_EQ(open(login(2, first.follows, *store_->moment())).outcome, OpenOutcome::Conflict);
}

TEST_P(StoreContract, ALoginUnderWayWhenTheLogoutComesOpensNothing) {
  const Opening first = open_new(*store_, 1);
  const Opening under_way = login(2, Lineage{.root = first.root}, *store_->moment());
  const Closed closed = close(first.root);
  EXPECT_EQ(closed.ended, std::vector{first.key});
  EXPECT_EQ(closed.next, (Lineage{.root = first.root, .generation = 1}));
  EXPECT_EQ(open(under_way).outcome, OpenOutcome::Conflict);
  EXPECT_EQ(open(login(2, *closed.next, *store_->moment())).outcome, OpenOutcome::Opened);
}

TEST_P(StoreContract, ClosingEndsWhateverLivesDownTheChain) {
  const Opening first = open_new(*store_, 1);
  const Opening second = login(2, Lineage{.root = first.root}, *store_->moment());
  ASSERT_EQ(open(second).outcome, OpenOutcome::Opened);
  const Opening third = login(3, Lineage{.root = second.root}, *store_->moment());
  ASSERT_EQ(open(third).outcome, OpenOutcome::Opened);
  const Closed closed = close(first.follows.root);
  EXPECT_EQ(closed.ended, std::vector{third.key});
  EXPECT_EQ(closed.next, (Lineage{.root = third.root, .generation = 1}));
  EXPECT_EQ(record(third.key).session->end->reason, EndReason::LoggedOut);
  EXPECT_EQ(record(third.key).session->end->at, kNoon + Seconds(60));
  EXPECT_EQ(record(third.key).succession.changed, kNoon + Seconds(60));
  EXPECT_EQ(record(second.key).session->end->reason, EndReason::Superseded);
}

TEST_P(StoreContract, ClosingTwiceEndsNothingMoreAndClosesAgain) {
  const Opening first = open_new(*store_, 1);
  EXPECT_EQ(close(first.root).next->generation, 1U);
  const Closed again = close(first.root);
  EXPECT_TRUE(again.ended.empty());
  EXPECT_EQ(again.next, (Lineage{.root = first.root, .generation = 2}));
}

TEST_P(StoreContract, ClosingAnUnknownRootEndsNothingButSweeps) {
  const Opening other = open_new(*store_, 1);
  const Closed closed = close(numbered(99), all_of("alice", "zone"));
  EXPECT_FALSE(closed.next);
  EXPECT_TRUE(closed.ended.empty());
  EXPECT_FALSE(lives(*store_, other.key));
}

TEST_P(StoreContract, ClosingWithASweepEndsTheOtherBrowsersToo) {
  const Opening mine = open_new(*store_, 1);
  const Opening other = open_new(*store_, 2);
  const Opening of_bob = open_new(*store_, 3, "bob");
  EXPECT_EQ(close(mine.root, all_of("alice", "zone")).ended, std::vector{mine.key});
  EXPECT_FALSE(lives(*store_, mine.key));
  EXPECT_FALSE(lives(*store_, other.key));
  EXPECT_TRUE(lives(*store_, of_bob.key));
}

TEST_P(StoreContract, ASessionEndsOnceAndKeepsItsFirstReason) {
  const Opening opening = open_new(*store_, 1);
  EXPECT_TRUE(*store_->end(opening.key, EndReason::MaxAge, kNoon));
  EXPECT_FALSE(*store_->end(opening.key, EndReason::LoggedOut, kNoon));
  EXPECT_EQ(record(opening.key).session->end->reason, EndReason::MaxAge);
}

TEST_P(StoreContract, EndingWhatIsAbsentOrHasNoSessionIsNoError) {
  const Opening opening = open_new(*store_, 1);
  EXPECT_FALSE(*store_->end(core::record_key_of(numbered(99)), EndReason::LoggedOut, kNoon));
  const RecordKey root = core::record_key_of(opening.follows.root);
  EXPECT_FALSE(*store_->end(root, EndReason::LoggedOut, kNoon));
  EXPECT_FALSE(store_->find(core::record_key_of(numbered(99)))->found);
}

TEST_P(StoreContract, ATouchMovesLastSeenForwardAndNeverBack) {
  const Opening opening = open_new(*store_, 1);
  const std::vector<core::Touch> forward{{.key = opening.key, .seen = kNoon + Seconds(90)}};
  const std::vector<core::Touch> back{{.key = opening.key, .seen = kNoon + Seconds(30)}};
  EXPECT_EQ(*store_->touch(forward), 1U);
  EXPECT_EQ(*store_->touch(back), 0U);
  EXPECT_EQ(record(opening.key).session->last_seen, kNoon + Seconds(90));
}

TEST_P(StoreContract, EndedSessionIsNotRevivedByALateTouch) {
  const Opening opening = open_new(*store_, 1);
  EXPECT_TRUE(*store_->end(opening.key, EndReason::LoggedOut, kNoon));
  const std::vector<core::Touch> late{{.key = opening.key, .seen = kNoon + Seconds(90)}};
  EXPECT_EQ(*store_->touch(late), 0U);
  EXPECT_TRUE(record(opening.key).session->end);
  EXPECT_EQ(record(opening.key).session->last_seen, kNoon);
}

TEST_P(StoreContract, ATouchInsertsNothing) {
  const Opening opening = open_new(*store_, 1);
  const RecordKey root = core::record_key_of(opening.follows.root);
  const RecordKey unknown = core::record_key_of(numbered(99));
  const std::vector<core::Touch> touches{{.key = unknown, .seen = kNoon + Seconds(90)},
                                         {.key = root, .seen = kNoon + Seconds(90)}};
  EXPECT_EQ(*store_->touch(touches), 0U);
  EXPECT_FALSE(store_->find(unknown)->found);
  EXPECT_FALSE(record(root).session);
}

TEST_P(StoreContract, ManyTouchesAreAllWritten) {
  std::vector<core::Touch> touches;
  for (std::uint64_t i = 0; i < 300; ++i) {
    touches.push_back({.key = open_new(*store_, i).key, .seen = kNoon + Seconds(90)});
  }
  EXPECT_EQ(*store_->touch(touches), 300U);
  EXPECT_EQ(*store_->touch({}), 0U);
}

TEST_P(StoreContract, EachSweepRaisesItsEpochByOne) {
  EXPECT_EQ(*store_->sweep(all_of("alice", "zone"), kNoon), 1U);
  EXPECT_EQ(*store_->sweep(all_of("alice", "zone"), kNoon), 2U);
  EXPECT_EQ(*store_->sweep(all_in("zone"), kNoon), 1U);
  EXPECT_EQ(*store_->sweep(everything(), kNoon), 1U);
  EXPECT_EQ(*store_->sweep(all_of("bob", "zone"), kNoon), 1U);
}

TEST_P(StoreContract, ASweepReachesAsFarAsItSaysAndNoFurther) {
  const Opening alice = open_new(*store_, 1, "alice", "zone");
  const Opening bob = open_new(*store_, 2, "bob", "zone");
  const Opening elsewhere = open_new(*store_, 3, "alice", "elsewhere");
  ASSERT_TRUE(store_->sweep(all_of("alice", "zone"), kNoon).ok());
  EXPECT_FALSE(lives(*store_, alice.key));
  EXPECT_TRUE(lives(*store_, bob.key));
  EXPECT_TRUE(lives(*store_, elsewhere.key));
  ASSERT_TRUE(store_->sweep(all_in("zone"), kNoon).ok());
  EXPECT_FALSE(lives(*store_, bob.key));
  EXPECT_TRUE(lives(*store_, elsewhere.key));
  ASSERT_TRUE(store_->sweep(everything(), kNoon).ok());
  EXPECT_FALSE(lives(*store_, elsewhere.key));
}

TEST_P(StoreContract, ASweepSparesTheSessionThatAskedForIt) {
  const Opening mine = open_new(*store_, 1);
  const Opening other = open_new(*store_, 2);
  Sweep sweep = all_of("alice", "zone");
  sweep.except = mine.key;
  ASSERT_TRUE(store_->sweep(sweep, kNoon).ok());
  EXPECT_TRUE(lives(*store_, mine.key));
  EXPECT_FALSE(lives(*store_, other.key));
  ASSERT_TRUE(store_->sweep(all_of("alice", "zone"), kNoon).ok());
  EXPECT_FALSE(lives(*store_, mine.key));
}

TEST_P(StoreContract, ASweepRevivesNoSessionThatItWouldSpare) {
  const Opening swept = open_new(*store_, 1);
  ASSERT_TRUE(store_->sweep(all_of("alice", "zone"), kNoon).ok());
  const Opening ended = open_new(*store_, 2);
  EXPECT_TRUE(*store_->end(ended.key, EndReason::LoggedOut, kNoon));
  for (const RecordKey& key : {swept.key, ended.key, core::record_key_of(numbered(99))}) {
    Sweep sweep = all_of("alice", "zone");
    sweep.except = key;
    ASSERT_TRUE(store_->sweep(sweep, kNoon).ok());
    EXPECT_FALSE(lives(*store_, key));
  }
}

TEST_P(StoreContract, ASweepTellsItsReason) {
  const Opening alice = open_new(*store_, 1, "alice", "zone");
  const Opening bob = open_new(*store_, 2, "bob", "zone");
  const Opening elsewhere = open_new(*store_, 3, "bob", "elsewhere");
  ASSERT_TRUE(store_->sweep(all_of("alice", "zone"), kNoon).ok());
  for (Sweep sweep : {all_in("zone"), everything()}) {
    sweep.reason = EndReason::EndedByAdministrator;
    ASSERT_TRUE(store_->sweep(sweep, kNoon).ok());
  }
  const auto reason = [&](const Opening& opening) {
    return store_->find(opening.key)->found->outgrown;
  };
  EXPECT_EQ(reason(alice), EndReason::EpochGrown) << "her own logout says more of her";
  EXPECT_EQ(reason(bob), EndReason::EndedByAdministrator);
  EXPECT_EQ(reason(elsewhere), EndReason::EndedByAdministrator);
}

TEST_P(StoreContract, ListShowsEverySessionOnceInKeyOrderPageByPage) {
  std::set<RecordKey> opened;
  for (std::uint64_t i = 0; i < 23; ++i) opened.insert(open_new(*store_, i).key);
  std::vector<RecordKey> listed;
  std::optional<RecordKey> from;
  do {
    const Result<core::ListPage> page = store_->list(from, 5);
    ASSERT_TRUE(page.ok());
    ASSERT_LE(page->sessions.size(), 5U);
    for (const core::Listed& session : page->sessions) listed.push_back(session.key);
    from = page->next;
  } while (from);
  EXPECT_EQ(listed, std::vector(opened.begin(), opened.end()));
}

TEST_P(StoreContract, ListTellsWhoseEpochsHaveGrown) {
  open_new(*store_, 1, "alice");
  open_new(*store_, 2, "bob");
  ASSERT_TRUE(store_->sweep(all_of("bob", "zone"), kNoon).ok());
  const Result<core::ListPage> page = store_->list(std::nullopt, 10);
  ASSERT_EQ(page->sessions.size(), 2U);
  for (const core::Listed& listed : page->sessions) {
    EXPECT_EQ(!listed.outgrown, listed.session.identity.user == "alice");
  }
}

TEST_P(StoreContract, PurgeKeepsWhatAChallengeMayStillName) {
  const Opening ended = open_new(*store_, 1);
  EXPECT_TRUE(*store_->end(ended.key, EndReason::LoggedOut, kNoon));
  const core::TimePoint last_second = kNoon + core::kRemembered - Seconds(1);
  EXPECT_EQ(store_->purge(std::nullopt, 100, last_second)->removed, 0U);
  EXPECT_TRUE(store_->find(ended.key)->found);
  const Result<core::Purged> purged = store_->purge(std::nullopt, 100, last_second + Seconds(1));
  EXPECT_EQ(purged->removed, 2U);  // the session, and the root it came from
  EXPECT_FALSE(purged->next);
  EXPECT_FALSE(store_->find(ended.key)->found);
}

TEST_P(StoreContract, PurgeKeepsLiveSessions) {
  const Opening live = open_new(*store_, 1);
  const core::TimePoint later = kNoon + kLimits.max_age + core::kRemembered;
  ASSERT_TRUE(store_->purge(std::nullopt, 100, later - Seconds(1)).ok());
  EXPECT_TRUE(lives(*store_, live.key));
  EXPECT_EQ(store_->purge(std::nullopt, 100, later)->removed, 1U);
}

TEST_P(StoreContract, PurgeLooksAtNoMoreThanItsLimitAndGoesOnFromThere) {
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(*store_->end(open_new(*store_, i).key, EndReason::LoggedOut, kNoon));
  }
  const core::TimePoint later = kNoon + core::kRemembered;
  std::optional<RecordKey> from;
  std::size_t removed = 0;
  int steps = 0;
  do {
    const Result<core::Purged> purged = store_->purge(from, 6, later);
    ASSERT_TRUE(purged.ok());
    ASSERT_LE(purged->scanned, 6U);
    removed += purged->removed;
    from = purged->next;
    ++steps;
  } while (from);
  EXPECT_EQ(removed, 20U);
  EXPECT_EQ(steps, 4);
  EXPECT_TRUE(store_->list(std::nullopt, 100)->sessions.empty());
}

TEST_P(StoreContract, EpochsOutliveEveryPurge) {
  const Opening opening = open_new(*store_, 1);
  const core::StoreMoment before = *store_->moment();
  ASSERT_TRUE(store_->sweep(all_of("alice", "zone"), kNoon).ok());
  EXPECT_TRUE(*store_->end(opening.key, EndReason::LoggedOut, kNoon));
  EXPECT_EQ(store_->purge(std::nullopt, 100, kNoon + core::kRemembered * 1000)->removed, 2U);
  EXPECT_EQ(*store_->sweep(all_of("alice", "zone"), kNoon), 2U);
  EXPECT_EQ(open(login(2, new_client(2), before)).outcome, OpenOutcome::Conflict);
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreContract,
    testing::Values(Kind{"Memory", make_memory}, Kind{"Lmdb", make_lmdb},
                    Kind{"MemoryFailingEverySecondCall", make_failing<make_memory, 2>},
                    Kind{"LmdbFailingEverySecondCall", make_failing<make_lmdb, 2>},
                    Kind{"LmdbFailingEveryThirdCall", make_failing<make_lmdb, 3>},
                    Kind{"LmdbOnADiskThatIsFullAtFirst", make_lmdb_on_full_disk}),
    [](const testing::TestParamInfo<Kind>& kind) { return kind.param.name; });

}  // namespace
}  // namespace epoch::store
