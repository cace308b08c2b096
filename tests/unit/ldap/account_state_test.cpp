#include "ldap/account_state.h"

#include <gtest/gtest.h>

#include "ldap_testing.h"

namespace epoch::ldap {
namespace {

using core::EndReason;
using core::TimePoint;

DirectoryEntry only(const std::string& name, std::vector<std::string> values) {
  return {.dn = "uid=a", .attributes = {{.name = name, .values = std::move(values)}}};
}

Standing standing(const DirectoryEntry& entry, TimePoint now = kNoon) {
  return standing_of(entry, test_key(), now);
}

bool is_barred(const std::string& name, const std::string& value) {
  const Standing found = standing(only(name, {value}));
  EXPECT_EQ(found.barred_by, found.state.barred ? name : "");
  return found.state.barred;
}

TEST(AccountState, AnEntryThatShowsNothingSaysNothing) {
  EXPECT_EQ(standing({}).state, core::AccountState());
}

TEST(AccountState, WhatDoesNotBearOnTheAccountIsIgnored) {
  for (const char* name : {"mail", "lastLogin", "authTimestamp", "pwdFailureTime",
                           "modifyTimestamp", "pwdLastSuccess", "badPwdCount"}) {
    EXPECT_EQ(standing(only(name, {"20260101000000Z"})).state, core::AccountState()) << name;
    for (const char* asked : state_attributes()) EXPECT_STRNE(asked, name);
  }
}

TEST(AccountState, EachServersTimeOfTheLastPasswordChangeCounts) {
  for (const char* name : {"pwdChangedTime", "pwdUpdateTime", "krbLastPwdChange", "pwdLastSet"}) {
    const core::AccountState before = standing(only(name, {"1"})).state;
    const core::AccountState after = standing(only(name, {"2"})).state;
    EXPECT_EQ(core::why_to_end(before, after), EndReason::PasswordChanged) << name;
    EXPECT_EQ(core::why_to_end(before, before), std::nullopt) << name;
  }
}

TEST(AccountState, AttributeNamesHaveNoCase) {
  EXPECT_TRUE(standing(only("PWDACCOUNTLOCKEDTIME", {"000001010000Z"})).state.barred);
}

TEST(AccountState, TheOrderOfPasswordValuesDoesNotMatter) {
  EXPECT_EQ(standing(only("userPassword", {"a", "b"})).state,
            standing(only("userPassword", {"b", "a"})).state);
  EXPECT_NE(standing(only("userPassword", {"a", "b"})).state,
            standing(only("userPassword", {"ab"})).state);
}

TEST(AccountState, APasswordHashesOtherwiseUnderAnotherKey) {
  const StateKey other(core::sha256({core::bytes_of("other")}));
  const DirectoryEntry entry = only("userPassword", {"secret"});
  EXPECT_NE(standing_of(entry, other, kNoon).state.password_value,
            standing(entry).state.password_value);
}

TEST(AccountState, LockedAccountsAreBarred) {
  EXPECT_TRUE(is_barred("pwdAccountLockedTime", "000001010000Z"));
  EXPECT_TRUE(is_barred("nsAccountLock", "TRUE"));
  EXPECT_TRUE(is_barred("nsAccountLock", "true"));
  EXPECT_FALSE(is_barred("nsAccountLock", "FALSE"));
  EXPECT_TRUE(is_barred("userAccountControl", "514"));
  EXPECT_FALSE(is_barred("userAccountControl", "512"));
  EXPECT_TRUE(is_barred("lockoutTime", "132000000000000000"));
  EXPECT_FALSE(is_barred("lockoutTime", "0"));
}

TEST(AccountState, AnUnlockTimeBarsUntilThen) {
  EXPECT_TRUE(is_barred("accountUnlockTime", "20990101000000Z"));
  EXPECT_FALSE(is_barred("accountUnlockTime", "20200101000000Z"));
  EXPECT_TRUE(is_barred("accountUnlockTime", "19700101000000Z")) << "until an administrator comes";
}

TEST(AccountState, ExpiredAccountsAreBarredAndOthersWillBe) {
  EXPECT_TRUE(is_barred("krbPrincipalExpiration", "20200101000000Z"));
  EXPECT_TRUE(is_barred("pwdEndTime", "20200101000000Z"));
  EXPECT_TRUE(is_barred("accountExpires", "132000000000000000"));
  EXPECT_TRUE(is_barred("shadowExpire", "1"));
  const Standing later = standing(only("shadowExpire", {"30000"}));
  EXPECT_FALSE(later.state.barred);
  EXPECT_EQ(later.state.expires, TimePoint(std::chrono::days(30000)));
  EXPECT_TRUE(standing(only("shadowExpire", {"30000"}), *later.state.expires).state.barred);
}

TEST(AccountState, SomeValuesMeanNever) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"accountExpires", "0"},
                                                        {"accountExpires", "9223372036854775807"},
                                                        {"shadowExpire", "-1"},
                                                        {"shadowExpire", "not a number"},
                                                        {"pwdEndTime", "soon"}}) {
    EXPECT_EQ(standing(only(name, {value})).state, core::AccountState()) << name << " " << value;
  }
}

TEST(AccountState, TheEarliestExpiryCounts) {
  DirectoryEntry entry = only("pwdEndTime", {"20990101000000Z"});
  entry = with(entry, "shadowExpire", "30000");
  EXPECT_EQ(standing(entry).state.expires, TimePoint(std::chrono::days(30000)));
}

}  // namespace
}  // namespace epoch::ldap
