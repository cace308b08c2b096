#include "ldap/sync_follower.h"

#include <gtest/gtest.h>

#include "ldap_testing.h"

namespace epoch::ldap {
namespace {

using Names = std::vector<std::string>;

// A server's side of the conversation, written down message by message.
class SyncFollowing : public ::testing::Test {
 protected:
  void begin(bool from_cookie) {
    test.book.discard();
    follower.emplace(test.book, directory, key, from_cookie);
  }
  bool say(EntryChange change, std::uint8_t number, const DirectoryEntry& shown,
           std::optional<std::string> cookie = {}) {
    return follower->take({change, uuid(number), std::move(cookie)}, shown, kNoon).ok();
  }
  bool add(std::uint8_t number) { return say(EntryChange::Add, number, entry(number)); }
  bool say(const SyncInfo& info) { return follower->take(info, kNoon).ok(); }
  bool rest(core::TimePoint now = kNoon) { return follower->rest(now).ok(); }
  bool present_done(const std::string& cookie) {
    return say(PhaseOver{.deletes = false, .refresh_done = true, .cookie = cookie});
  }
  bool delete_done(const std::string& cookie) {
    return say(PhaseOver{.deletes = true, .refresh_done = true, .cookie = cookie});
  }

  // A first run that has seen entries 1 to `count`.
  void know(std::uint8_t count) {
    begin(false);
    for (std::uint8_t number = 1; number <= count; ++number) ASSERT_TRUE(add(number));
    ASSERT_TRUE(delete_done("first"));
    directory.entries.clear();
    for (std::uint8_t number = 1; number <= count; ++number) {
      directory.entries.push_back(entry(number));
    }
  }
  std::string cookie() { return test.book.cookie().value().value_or("none"); }
  bool knows(std::uint8_t number) { return test.book.find(uuid(number)).value().has_value(); }
  Names ended() { return test.ledger.ended(); }

  static DirectoryEntry changed(std::uint8_t number) {
    return with(entry(number), "pwdChangedTime", "20261121100001Z");
  }

  TestBook test;
  TestDirectory directory;
  const StateKey key = test_key();
  std::optional<SyncFollower> follower;
};

TEST_F(SyncFollowing, TheFirstRefreshEndsNobody) {
  begin(false);
  EXPECT_TRUE(add(1));
  EXPECT_TRUE(say(EntryChange::Add, 2, with(entry(2), "pwdAccountLockedTime", "000001010000Z")));
  EXPECT_FALSE(follower->is_refreshed());
  EXPECT_TRUE(present_done("c"));
  EXPECT_TRUE(follower->is_refreshed());
  EXPECT_EQ(ended(), Names{});
  EXPECT_EQ(cookie(), "c");
  EXPECT_EQ(test.book.tally().entries, 2U);
}

TEST_F(SyncFollowing, AChangedPasswordEndsThatAccountAlone) {
  know(3);
  EXPECT_TRUE(say(EntryChange::Modify, 2, changed(2), "later"));
  EXPECT_TRUE(rest());
  EXPECT_EQ(ended(), Names{"2: password-changed"});
  EXPECT_EQ(test.told, Names{dn(2) + ": password-changed"});
  EXPECT_EQ(cookie(), "later");
  ASSERT_EQ(test.lines.size(), 1U);
  EXPECT_EQ(test.lines[0].text, "The directory has ended all sessions of " + dn(2) +
                                    ": password-changed, the password was changed.");
}

TEST_F(SyncFollowing, AnUnrelatedChangeEndsNobodyAndIsNotWritten) {
  know(3);
  const std::size_t before = test.ledger.applied;
  EXPECT_TRUE(say(EntryChange::Modify, 2, with(entry(2), "mail", "new@example.org"), "later"));
  EXPECT_TRUE(rest());
  EXPECT_EQ(ended(), Names{});
  EXPECT_EQ(test.ledger.applied, before);
  EXPECT_TRUE(rest(kNoon + SyncFollower::kCookieInterval));
  EXPECT_EQ(cookie(), "later");
}

TEST_F(SyncFollowing, ALockADeletionAndARenameEndTheirAccounts) {
  know(4);
  EXPECT_TRUE(say(EntryChange::Modify, 1, with(entry(1), "pwdAccountLockedTime", "000001010000Z")));
  EXPECT_TRUE(say(EntryChange::Delete, 2, {}));
  DirectoryEntry renamed = entry(3);
  renamed.dn = dn(33);
  EXPECT_TRUE(say(EntryChange::Modify, 3, renamed));
  EXPECT_TRUE(rest());
  EXPECT_EQ(ended(), (Names{"1: account-barred", "2: account-gone", "3: account-renamed"}));
  EXPECT_FALSE(knows(2));
}

// OpenLDAP does not tell of those below a branch that is renamed, and they sign in under new DNs.
TEST_F(SyncFollowing, WhoIsFirstHeardOfUnderANewDnWhenLockedIsEndedUnderBoth) {
  know(1);
  DirectoryEntry moved = with(entry(1), "pwdAccountLockedTime", "000001010000Z");
  moved.dn = dn(11);
  EXPECT_TRUE(say(EntryChange::Modify, 1, moved));
  EXPECT_TRUE(rest());
  EXPECT_EQ(ended(), (Names{"1: account-renamed", "11: account-barred"}));
}

TEST_F(SyncFollowing, ADnInOtherLettersIsNoRename) {
  know(1);
  DirectoryEntry louder = entry(1);
  louder.dn = "UID=User-1,dc=Example,dc=ORG";
  EXPECT_TRUE(say(EntryChange::Modify, 1, louder));
  EXPECT_TRUE(rest());
  EXPECT_EQ(ended(), Names{});
}

TEST_F(SyncFollowing, TwoChangesOfOneEntryInOneBatchCountBoth) {
  know(1);
  DirectoryEntry renamed = entry(1);
  renamed.dn = dn(11);
  DirectoryEntry again = entry(1);
  again.dn = dn(12);
  EXPECT_TRUE(say(EntryChange::Modify, 1, renamed));
  EXPECT_TRUE(say(EntryChange::Modify, 1, again));
  EXPECT_TRUE(rest());
  EXPECT_EQ(ended(), (Names{"1: account-renamed", "11: account-renamed"}));
}

TEST_F(SyncFollowing, WhoIsNotPresentHasGone) {
  know(4);
  begin(true);
  EXPECT_TRUE(say(IdSet{.deleted = false, .uuids = {uuid(1), uuid(2)}}));
  EXPECT_TRUE(say(EntryChange::Present, 4, {}));
  EXPECT_EQ(ended(), Names{}) << "the refresh is not over";
  EXPECT_TRUE(present_done("second"));
  EXPECT_EQ(ended(), Names{"3: account-gone"});
  EXPECT_EQ(cookie(), "second");
}

TEST_F(SyncFollowing, ADeletePhaseNamesWhoHasGone) {
  know(4);
  begin(true);
  EXPECT_TRUE(say(IdSet{.deleted = true, .uuids = {uuid(2)}}));
  EXPECT_TRUE(say(EntryChange::Delete, 3, {}));
  EXPECT_EQ(ended(), Names{}) << "the refresh is not over";
  EXPECT_TRUE(delete_done("second"));
  EXPECT_EQ(ended(), (Names{"2: account-gone", "3: account-gone"}));
  EXPECT_TRUE(knows(1)) << "was not mentioned, so it has not changed";
}

TEST_F(SyncFollowing, APresentPhaseBeforeADeletePhaseCounts) {
  know(4);
  begin(true);
  EXPECT_TRUE(say(IdSet{.deleted = false, .uuids = {uuid(1), uuid(2), uuid(3)}}));
  EXPECT_TRUE(say(PhaseOver{.deletes = false, .refresh_done = false}));
  EXPECT_TRUE(say(IdSet{.deleted = true, .uuids = {uuid(3)}}));
  EXPECT_TRUE(delete_done("second"));
  EXPECT_EQ(ended(), (Names{"3: account-gone", "4: account-gone"}));
}

TEST_F(SyncFollowing, ARefreshThatBreaksOffConcludesNothing) {
  know(4);
  begin(true);
  EXPECT_TRUE(say(IdSet{.deleted = false, .uuids = {uuid(1)}, .cookie = "half"}));
  EXPECT_TRUE(say(IdSet{.deleted = true, .uuids = {uuid(2)}}));
  EXPECT_TRUE(rest());
  begin(true);
  EXPECT_EQ(ended(), Names{});
  EXPECT_EQ(cookie(), "first");
  EXPECT_TRUE(knows(2) && knows(3) && knows(4));
}

TEST_F(SyncFollowing, StartingOverComparesWithTheLedger) {
  know(4);
  begin(false);
  EXPECT_TRUE(add(1));
  EXPECT_TRUE(say(EntryChange::Add, 2, changed(2)));
  EXPECT_TRUE(add(3));
  EXPECT_TRUE(delete_done("anew")) << "without a cookie everybody was sent, whatever it is called";
  EXPECT_EQ(ended(), (Names{"2: password-changed", "4: account-gone"}));
}

TEST_F(SyncFollowing, ARebuiltDirectoryEndsNobody) {
  know(20);
  begin(false);
  for (std::uint8_t number = 1; number <= 20; ++number) {
    const auto other = static_cast<std::uint8_t>(number + 100);
    EXPECT_TRUE(say(EntryChange::Add, other, entry(number)));
  }
  EXPECT_TRUE(present_done("rebuilt"));
  EXPECT_EQ(ended(), Names{});
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(knows(101));
  EXPECT_EQ(test.book.tally().entries, 20U);
  EXPECT_TRUE(directory.asked.empty()) << "nobody has gone";
}

TEST_F(SyncFollowing, AnotherPasswordInARebuiltDirectoryIsAChange) {
  know(3);
  begin(false);
  EXPECT_TRUE(say(EntryChange::Add, 101, entry(1)));
  EXPECT_TRUE(say(EntryChange::Add, 102, changed(2)));
  EXPECT_TRUE(say(EntryChange::Add, 103, entry(3)));
  EXPECT_TRUE(present_done("rebuilt"));
  EXPECT_EQ(ended(), Names{"2: password-changed"});
}

TEST_F(SyncFollowing, WhoseDnSomebodyElseTookOverIsEndedAsRenamed) {
  know(2);
  begin(false);
  EXPECT_TRUE(say(EntryChange::Add, 9, entry(1))) << "somebody else, under the DN of entry 1";
  DirectoryEntry moved = entry(1);
  moved.dn = dn(11);
  EXPECT_TRUE(say(EntryChange::Add, 1, moved));
  EXPECT_TRUE(add(2));
  EXPECT_TRUE(present_done("c"));
  EXPECT_EQ(ended(), Names{"1: account-renamed"});
}

TEST_F(SyncFollowing, ManyGoneAtOnceAreLookedForFirst) {
  know(20);
  begin(true);
  EXPECT_TRUE(say(IdSet{.deleted = false, .uuids = {uuid(1), uuid(2), uuid(3)}}));
  directory.entries.pop_back();
  EXPECT_TRUE(present_done("second"));
  EXPECT_EQ(directory.asked.size(), 17U);
  EXPECT_EQ(ended(), Names{"20: account-gone"}) << "the others are still found";
  ASSERT_FALSE(test.lines.empty());
  EXPECT_EQ(test.lines[0].severity, Severity::Warning);
}

TEST_F(SyncFollowing, AnEmptyRefreshIsDoubtedHoweverFewAreKnown) {
  know(2);
  begin(false);
  EXPECT_TRUE(present_done("second"));
  EXPECT_EQ(ended(), Names{});
}

TEST_F(SyncFollowing, WhereTheBaseIsHiddenNothingIsConcluded) {
  know(20);
  begin(false);
  directory.base_is_shown = false;
  directory.entries.clear();
  EXPECT_FALSE(present_done("second"));
  EXPECT_EQ(ended(), Names{});
  EXPECT_EQ(cookie(), "first");
}

TEST_F(SyncFollowing, AnUnchangedEntryThatWasNeverShownStartsOver) {
  know(1);
  begin(true);
  const auto done = follower->take(SyncInfo(IdSet{.deleted = false, .uuids = {uuid(7)}}), kNoon);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, core::ErrorCode::Malformed);
}

TEST_F(SyncFollowing, TheCookieIsWrittenWithTheLastOfManyBatches) {
  begin(false);
  for (int i = 0; i < 1300; ++i) {
    DirectoryEntry shown = entry(1);
    shown.dn = "uid=" + std::to_string(i);
    const core::EntryUuid id{1, static_cast<std::uint8_t>(i >> 8),
                             static_cast<std::uint8_t>(i & 0xff)};
    ASSERT_TRUE(follower->take({EntryChange::Add, id, "early"}, shown, kNoon).ok());
    ASSERT_EQ(cookie(), "none");
  }
  EXPECT_TRUE(present_done("complete"));
  EXPECT_EQ(cookie(), "complete");
  EXPECT_LE(test.ledger.largest, Book::kBatch);
  EXPECT_EQ(test.book.tally().entries, 1300U);
}

TEST_F(SyncFollowing, AFullStoreEndsSessionsOnceAndKeepsTheCookie) {
  know(3);
  test.ledger.is_full = true;
  for (int attempt = 0; attempt < 3; ++attempt) {
    begin(true);
    EXPECT_TRUE(say(EntryChange::Modify, 2, changed(2), "later"));
    EXPECT_FALSE(rest());
  }
  EXPECT_EQ(ended(), Names{"2: password-changed"});
  EXPECT_EQ(cookie(), "first");
  test.ledger.is_full = false;
  begin(true);
  EXPECT_TRUE(say(EntryChange::Modify, 2, changed(2), "later"));
  EXPECT_TRUE(delete_done("later"));
  EXPECT_EQ(ended(), Names{}) << "had ended already";
  EXPECT_EQ(cookie(), "later");
  EXPECT_TRUE(say(EntryChange::Modify, 2, with(entry(2), "pwdChangedTime", "20261121100009Z")));
  EXPECT_TRUE(rest());
  EXPECT_EQ(ended(), Names{"2: password-changed"}) << "another change";
}

TEST_F(SyncFollowing, WhatComesDueExpiresWithoutTheDirectory) {
  begin(false);
  EXPECT_TRUE(say(EntryChange::Add, 1, with(entry(1), "pwdEndTime", "20270115080100Z")));
  EXPECT_TRUE(add(2));
  EXPECT_TRUE(present_done("c"));
  EXPECT_TRUE(test.book.expire(kNoon).ok());
  EXPECT_EQ(ended(), Names{});
  EXPECT_TRUE(test.book.expire(kNoon + core::Seconds(60)).ok());
  EXPECT_TRUE(test.book.expire(kNoon + core::Seconds(120)).ok());
  EXPECT_EQ(ended(), Names{"1: account-barred"}) << "once";
}

TEST_F(SyncFollowing, ControlCharactersInADnDoNotReachTheLog) {
  know(1);
  DirectoryEntry renamed = entry(1);
  renamed.dn = "uid=a\nforged line";
  EXPECT_TRUE(say(EntryChange::Modify, 1, renamed));
  EXPECT_TRUE(rest());
  ASSERT_EQ(test.lines.size(), 1U);
  EXPECT_EQ(test.lines[0].text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace epoch::ldap
