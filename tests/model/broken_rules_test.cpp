// The model can fail: fourteen rules that look plausible, each caught.
#include "broken_rules.h"

#include "testing.h"

namespace epoch::model {
namespace {

constexpr std::size_t kDeepEnough = 40;

// Expects that the rules are caught at breaking the property, and tells how.
void expect_caught(const Rules& rules, const Setting& setting, const std::string& property) {
  const Exploration explored = explore(setting, rules, kDeepEnough, property);
  print(setting, explored);
  ASSERT_EQ(verdict_of(explored), property) << story_or_nothing(explored, setting, rules);
  std::cout << story_of(*explored.found, setting, rules);
  EXPECT_EQ(verdict_of(explore(setting, Rules(), explored.found->trace.size(), property)), "none")
      << "the product's own rules must hold as far";
}

TEST(BrokenRulesTest, TrustInAnyFreshChallengeIsCaught) {
  expect_caught(TrustsAnyChallenge(), two_tabs(Kind::Firefox), "P1");
}

TEST(BrokenRulesTest, ARotatingRealmIsCaught) {
  expect_caught(RotatesTheRealm(), two_tabs(Kind::Firefox), "P1");
}

TEST(BrokenRulesTest, ArmingWithoutCredentialsIsCaught) {
  Setting setting = two_tabs(Kind::Firefox);
  setting.runs_scripts = false;
  expect_caught(ArmsWithoutCredentials(), setting, "P1");
}

TEST(BrokenRulesTest, ATouchThatRecreatesIsCaught) {
  expect_caught(TouchRecreates(), time_passes(Kind::Chromium), "P3");
}

TEST(BrokenRulesTest, AcceptingAnExpiredChallengeIsCaught) {
  Setting setting = two_tabs(Kind::Firefox);
  setting.events.waits = {std::chrono::hours(40)};
  setting.care.answers_come_in_time = false;
  expect_caught(AcceptsExpiredChallenges(), setting, "P3");
}

TEST(BrokenRulesTest, ForgettingTheTombstoneIsCaught) {
  expect_caught(ForgetsTombstones(), two_tabs(Kind::Chromium), "P3");
}

TEST(BrokenRulesTest, ArmingWhereTheMacIsBadIsCaught) {
  Setting setting = two_tabs(Kind::Firefox);
  setting.events.keys_lost = true;
  setting.runs_scripts = false;
  expect_caught(ArmsWhereTheMacIsBad(), setting, "P1");
}

TEST(BrokenRulesTest, ArmingACrossSitePostIsCaught) {
  Setting setting = two_tabs(Kind::Chromium);
  setting.events.foreign_site = true;
  expect_caught(ArmsCrossSitePosts(), setting, "P2");
}

TEST(BrokenRulesTest, ArmingOnAScriptsCredentialsIsCaught) {
  Setting setting = two_tabs(Kind::Firefox);
  setting.events.scripts_own = true;
  expect_caught(ArmsOnScripts(), setting, "P1");
}

TEST(BrokenRulesTest, ALogoutThatIgnoresTheLineageIsCaught) {
  expect_caught(LogoutIgnoresLineage(), two_tabs(Kind::Firefox), "P1");
}

TEST(BrokenRulesTest, OpeningWithoutLookingIsCaught) {
  expect_caught(OpensWithoutLooking(), two_browsers(Kind::Firefox), "P4");
}

TEST(BrokenRulesTest, ArmingAcrossTwoPortsIsCaught) {
  expect_caught(ArmsAcrossSpaces(), two_ports(Kind::Firefox), "P1");
}

TEST(BrokenRulesTest, ACookieInRow7IsCaught) {
  Setting setting = two_tabs(Kind::Firefox);
  setting.events.images = true;
  setting.events.waits = {std::chrono::hours(11)};
  expect_caught(SetsACookieInRow7(), setting, "P2");
}

TEST(BrokenRulesTest, ArmingOnARefusalThatWasOvertakenIsCaught) {
  Setting setting = two_tabs(Kind::Firefox);
  setting.events.second_user = true;
  expect_caught(ArmsThoughOvertaken(), setting, "P1");
}

}  // namespace
}  // namespace epoch::model
