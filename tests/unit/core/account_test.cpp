#include "core/account.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

constexpr std::string_view kUrl = "ldap://localhost/ou=people,dc=example,dc=org?uid";
constexpr std::string_view kDn = "cn=Alice,ou=people,dc=example,dc=org";

TEST(Account, TheCaseOfADnDoesNotMatter) {
  EXPECT_EQ(account_of(kUrl, kDn), account_of(kUrl, "CN=alice,OU=People,DC=example,DC=ORG"));
}

TEST(Account, AnotherDnOrAnotherDirectoryIsAnotherAccount) {
  EXPECT_NE(account_of(kUrl, kDn), account_of(kUrl, "cn=Bob,ou=people,dc=example,dc=org"));
  EXPECT_NE(account_of(kUrl, kDn), account_of("ldap://elsewhere/dc=example,dc=org?uid", kDn));
}

TEST(Account, UrlAndDnDoNotRunIntoEachOther) {
  EXPECT_NE(account_of("ldap://a/", "b"), account_of("ldap://a", "/b"));
}

TEST(WhyToEnd, NothingThatBearsOnSessionsHasChanged) {
  const AccountState state{.password_time = 1, .password_value = 2};
  EXPECT_EQ(why_to_end(state, state), std::nullopt);
}

TEST(WhyToEnd, ANewTimeOfTheLastChangeIsANewPassword) {
  EXPECT_EQ(why_to_end({.password_time = 1}, {.password_time = 2}), EndReason::PasswordChanged);
}

TEST(WhyToEnd, ARewrittenHashIsNoNewPasswordWhereTheTimeOfTheLastChangeIsShown) {
  EXPECT_EQ(why_to_end({.password_time = 1, .password_value = 2},
                       {.password_time = 1, .password_value = 3}),
            std::nullopt);
}

TEST(WhyToEnd, WithoutATimeTheStoredValueTells) {
  EXPECT_EQ(why_to_end({.password_value = 2}, {.password_value = 3}), EndReason::PasswordChanged);
  EXPECT_EQ(why_to_end({.password_value = 2}, {}), EndReason::PasswordChanged) << "taken away";
}

TEST(WhyToEnd, AValueThatMayBeReadFromNowOnIsNoNewPassword) {
  EXPECT_EQ(why_to_end({}, {.password_value = 2}), std::nullopt);
  EXPECT_EQ(why_to_end({.password_time = 1}, {.password_time = 1, .password_value = 2}),
            std::nullopt);
}

TEST(WhyToEnd, TheFirstTimeThatIsShownComesWithTheFirstChange) {
  EXPECT_EQ(why_to_end({.password_value = 2}, {.password_time = 1, .password_value = 3}),
            EndReason::PasswordChanged);
  EXPECT_EQ(why_to_end({.password_value = 2}, {.password_time = 1, .password_value = 2}),
            std::nullopt)
      << "the server has begun to keep it";
  EXPECT_EQ(why_to_end({}, {.password_time = 1}), EndReason::PasswordChanged);
  EXPECT_EQ(why_to_end({.password_time = 1}, {}), EndReason::PasswordChanged)
      << "a directory restored to before the first change";
}

TEST(WhyToEnd, BarredOnceEndsOnce) {
  EXPECT_EQ(why_to_end({}, {.barred = true}), EndReason::AccountBarred);
  EXPECT_EQ(why_to_end({.barred = true}, {.barred = true}), std::nullopt);
  EXPECT_EQ(why_to_end({.barred = true}, {}), std::nullopt) << "let in again";
}

TEST(WhyToEnd, APasswordChangedWhileBarredIsChangedAllTheSame) {
  EXPECT_EQ(why_to_end({.password_time = 1, .barred = true}, {.password_time = 2}),
            EndReason::PasswordChanged);
}

}  // namespace
}  // namespace epoch::core
