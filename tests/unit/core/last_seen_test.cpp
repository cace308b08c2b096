#include "core/last_seen.h"

#include <gtest/gtest.h>

#include "store/failing_store.h"
#include "store/memory_store.h"

namespace epoch::core {
namespace {

constexpr TimePoint kNow{Seconds(1'800'000'000)};
constexpr Limits kLimits{.idle = std::chrono::minutes(30), .max_age = std::chrono::hours(12)};

class LastSeenTest : public testing::Test {
 protected:
  void SetUp() override {
    Opening opening{.key = {},
                    .root = Hash256{1},
                    .session = {},
                    .follows = {.root = Hash256{2}, .generation = 0},
                    .signing_key = 0,
                    .seen = store_.moment().value(),
                    .limits = kLimits,
                    .now = kNow};
    opening.key = record_key_of(opening.root);
    opening.session.created = opening.session.last_seen = kNow;
    opening.session.expires = kNow + kLimits.max_age;
    session_ = store_.open(opening).value().session;
    key_ = opening.key;
  }

  TimePoint stored() { return store_.records().at(key_).session->last_seen; }

  store::MemoryStore store_;
  LastSeen last_seen_;
  Session session_;
  RecordKey key_{};
};

TEST_F(LastSeenTest, WhatTheStoreKnowsWellEnoughIsNotWritten) {
  last_seen_.note(key_, session_, kLimits, kNow + Seconds(59));
  EXPECT_EQ(last_seen_.flush(store_).value(), 0U);
  EXPECT_EQ(stored(), kNow);
}

TEST_F(LastSeenTest, TheLatestTimeOfManyIsWrittenOnce) {
  for (const Seconds later : {Seconds(100), Seconds(300), Seconds(200)}) {
    last_seen_.note(key_, session_, kLimits, kNow + later);
  }
  EXPECT_EQ(last_seen_.flush(store_).value(), 1U);
  EXPECT_EQ(stored(), kNow + Seconds(300));
  EXPECT_EQ(last_seen_.flush(store_).value(), 0U);
}

TEST_F(LastSeenTest, TheLatestTimeIsKnownBeforeItIsWritten) {
  EXPECT_EQ(last_seen_.latest(key_, session_), kNow);
  last_seen_.note(key_, session_, kLimits, kNow + Seconds(100));
  EXPECT_EQ(last_seen_.latest(key_, session_), kNow + Seconds(100));
  session_.last_seen = kNow + Seconds(200);
  EXPECT_EQ(last_seen_.latest(key_, session_), kNow + Seconds(200)) << "another process wrote it";
}

TEST_F(LastSeenTest, WhatCouldNotBeWrittenIsKeptForTheNextTime) {
  store::FailingStore failing(std::make_unique<store::MemoryStore>(store_), 1);
  last_seen_.note(key_, session_, kLimits, kNow + Seconds(100));
  EXPECT_FALSE(last_seen_.flush(failing).ok());
  EXPECT_EQ(last_seen_.flush(store_).value(), 1U);
  EXPECT_EQ(stored(), kNow + Seconds(100));
}

}  // namespace
}  // namespace epoch::core
