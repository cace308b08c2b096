#include "ldap/poll_follower.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ldap/entry_uuid.h"
#include "ldap_testing.h"

namespace epoch::ldap {
namespace {

using Names = std::vector<std::string>;

class Polling : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint8_t number = 1; number <= 4; ++number) directory.entries.push_back(entry(number));
    ASSERT_TRUE(poll());
    ASSERT_EQ(test.ledger.ended(), Names{});
    directory.asked.clear();
  }
  bool poll() { return follower.poll(directory, kNoon).ok(); }
  Names ended() { return test.ledger.ended(); }
  void change(std::size_t at, const std::string& name, const std::string& value) {
    directory.entries[at] = with(directory.entries[at], name, value);
  }

  TestBook test;
  TestDirectory directory;
  const StateKey key = test_key();
  PollFollower follower{test.book, key, "(uid=*)", "modifyTimestamp"};
};

TEST_F(Polling, ItAsksForWhatChangedSinceASecondBeforeTheLatest) {
  EXPECT_TRUE(poll());
  ASSERT_FALSE(directory.asked.empty());
  EXPECT_EQ(directory.asked[0], "(&(uid=*)(modifyTimestamp>=20261121095959.0Z))");
  EXPECT_EQ(ended(), Names{}) << "what is seen again is no change";
}

TEST_F(Polling, AChangeADeletionAndARenameAreFound) {
  change(0, "pwdChangedTime", "20261121100100Z");
  directory.entries[1].dn = dn(22);
  directory.entries.pop_back();
  EXPECT_TRUE(poll());
  EXPECT_EQ(ended(), (Names{"1: password-changed", "2: account-renamed", "4: account-gone"}));
  EXPECT_TRUE(poll());
  EXPECT_EQ(ended(), Names{});
}

TEST_F(Polling, ASizeLimitConcludesNothing) {
  directory.breaks_off_after = 2;
  EXPECT_FALSE(poll());
  EXPECT_EQ(ended(), Names{});
  directory.breaks_off_after.reset();
  EXPECT_TRUE(poll());
  EXPECT_EQ(ended(), Names{});
}

TEST_F(Polling, AnEmptyAnswerIsDoubted) {
  directory.hides = true;
  EXPECT_TRUE(poll());
  EXPECT_EQ(ended(), Names{});
  directory.entries.clear();
  directory.base_is_shown = false;
  EXPECT_FALSE(poll());
  EXPECT_EQ(ended(), Names{});
}

TEST_F(Polling, EveryTenthPollReadsEverybody) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(poll());
  EXPECT_EQ(directory.asked.back(), "(uid=*)");
  EXPECT_EQ(std::count(directory.asked.begin(), directory.asked.end(), "(uid=*)"), 10)
      << "nine roll-calls and one reading";
}

TEST(EntryUuid, EachServersFormIsRead) {
  const core::EntryUuid wanted{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                               0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  const auto of = [](const std::string& name, const std::string& value) {
    return uuid_of({.dn = "uid=a", .attributes = {{.name = name, .values = {value}}}});
  };
  EXPECT_EQ(of("entryUUID", "01234567-89ab-cdef-0123-456789ABCDEF"), wanted);
  EXPECT_EQ(of("nsUniqueId", "01234567-89abcdef-01234567-89abcdef"), wanted);
  EXPECT_EQ(of("objectGUID", std::string(core::text_of(wanted))), wanted);
  EXPECT_EQ(of("entryUUID", "garbage"), of("mail", "x")) << "from the DN";
}

}  // namespace
}  // namespace epoch::ldap
