#include "core/recent_admissions.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

constexpr TimePoint kNow{Seconds(1'800'000'000)};

RecordKey key_of(std::uint32_t number) {
  RecordKey key{};
  for (std::size_t i = 0; i < 4; ++i) key.value[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return key;
}

TEST(RecentAdmissions, RememberTheLatestAdmission) {
  RecentAdmissions recent;
  EXPECT_FALSE(recent.find(key_of(1)).has_value());
  Session session;
  session.identity.user = "alice";
  recent.remember(key_of(1), session, kNow);
  recent.remember(key_of(1), session, kNow + Seconds(5));
  EXPECT_EQ(recent.find(key_of(1))->at, kNow + Seconds(5));
  EXPECT_EQ(recent.find(key_of(1))->session->identity.user, "alice");
}

TEST(RecentAdmissions, ForgetWhatHasEnded) {
  RecentAdmissions recent;
  recent.remember(key_of(1), Session(), kNow);
  recent.forget(key_of(1));
  EXPECT_FALSE(recent.find(key_of(1)).has_value());
}

TEST(RecentAdmissions, AreBoundedAndDropTheOldestFirst) {
  RecentAdmissions recent;
  constexpr std::uint32_t kMany = 10'001;
  for (std::uint32_t i = 0; i < kMany; ++i) {
    recent.remember(key_of(i), Session(), kNow + Seconds(i));
  }
  EXPECT_FALSE(recent.find(key_of(0)).has_value());
  EXPECT_TRUE(recent.find(key_of(kMany - 1)).has_value());
  EXPECT_TRUE(recent.find(key_of(kMany - 100)).has_value());
}

}  // namespace
}  // namespace epoch::core
