// What find() keeps between two questions must be what is in the store, always.
#include "store/look_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/lmdb_store.h"
#include "store/store_testing.h"

namespace epoch::store {
namespace {

using core::EndReason;
using core::Found;
using core::RecordKey;
using core::Seconds;

class LookCacheTest : public testing::TestWithParam<std::size_t> {
 protected:
  ScratchDirectory directory_;
  LmdbStore store_{StoreOptions{.directory = directory_.path(), .kept_sessions = GetParam()}};

  std::shared_ptr<const Found> found(const RecordKey& key) { return store_.find(key)->found; }
};

TEST_P(LookCacheTest, WhatHasNotChangedIsNotReadAnew) {
  const RecordKey alice = open_new(store_, 1).key;
  const auto first = found(alice);
  EXPECT_EQ(found(alice), first);
}

TEST_P(LookCacheTest, ACommitElsewhereChangesNothing) {
  const RecordKey alice = open_new(store_, 1).key;
  const auto before = found(alice);
  open_new(store_, 2, "bob");
  EXPECT_EQ(found(alice), before);
}

TEST_P(LookCacheTest, AnEndIsSeenAtOnce) {
  const RecordKey alice = open_new(store_, 1).key;
  const auto before = found(alice);
  ASSERT_TRUE(*store_.end(alice, EndReason::LoggedOut, kNoon));
  ASSERT_TRUE(found(alice)->record.session->end);
  EXPECT_FALSE(before->record.session->end) << "who has it still sees what it was";
}

TEST_P(LookCacheTest, AnEpochThatGrowsIsSeenAtOnceThoughTheRecordStaysAsItIs) {
  const RecordKey alice = open_new(store_, 1).key;
  const RecordKey bob = open_new(store_, 2, "bob").key;
  EXPECT_FALSE(found(alice)->outgrown);
  EXPECT_FALSE(found(bob)->outgrown);
  ASSERT_TRUE(store_
                  .sweep({.reach = core::Reach::UserInZone,
                          .zone = "zone",
                          .subject = "alice",
                          .except = std::nullopt},
                         kNoon)
                  .ok());
  EXPECT_EQ(found(alice)->outgrown, EndReason::EpochGrown);
  EXPECT_FALSE(found(bob)->outgrown);
}

TEST_P(LookCacheTest, ASessionThatWasForgottenIsNotFound) {
  const core::Opening alice = open_new(store_, 1);
  ASSERT_TRUE(found(alice.key));
  const core::TimePoint later = alice.session.expires + core::kRemembered;
  ASSERT_GE(store_.purge(std::nullopt, 100, later)->removed, 1U);
  EXPECT_FALSE(found(alice.key));
}

TEST_P(LookCacheTest, LastSeenMovesOn) {
  const RecordKey alice = open_new(store_, 1).key;
  EXPECT_EQ(found(alice)->record.session->last_seen, kNoon);
  const core::Touch touch{.key = alice, .seen = kNoon + Seconds(60)};
  ASSERT_TRUE(store_.touch({&touch, 1}).ok());
  EXPECT_EQ(found(alice)->record.session->last_seen, kNoon + Seconds(60));
}

TEST_P(LookCacheTest, SessionsThatShareAPlaceAreNotTakenForEachOther) {
  std::vector<core::Opening> logins;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    logins.push_back(open_new(store_, number, "user" + std::to_string(number)));
  }
  for (int time = 0; time < 3; ++time) {
    for (const core::Opening& each : logins) {
      EXPECT_EQ(found(each.key)->record.session->identity.user, each.session.identity.user);
    }
  }
}

// A reader that began before the end may still say so; one that begins after it must not.
TEST_P(LookCacheTest, NoThreadFindsASessionAliveThatHasEndedBefore) {
  for (std::uint64_t number = 1; number <= 20; ++number) {
    const RecordKey key = open_new(store_, number).key;
    std::atomic<bool> ended{false};
    std::atomic<int> revived{0};
    std::vector<std::thread> threads;
    for (int reader = 0; reader < 3; ++reader) {
      threads.emplace_back([&] {
        for (int after = 0; after < 50;) {
          const bool was_over = ended;
          const auto look = found(key);
          if (was_over && !look->record.session->end) ++revived;
          if (was_over) ++after;
        }
      });
    }
    EXPECT_TRUE(*store_.end(key, EndReason::LoggedOut, kNoon));
    ended = true;
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(revived, 0);
  }
}

// One place, and more than there are sessions.
INSTANTIATE_TEST_SUITE_P(Places, LookCacheTest, testing::Values(1, 256));

}  // namespace
}  // namespace epoch::store
