// The limits stated with P1 and P2: each can be reached, and without what it names nothing is
// found. That nothing is found is model_test.cpp's part for the limits that care avoids, and stands
// here for those that an event brings about.
#include "testing.h"

namespace epoch::model {
namespace {

constexpr std::size_t kDeepEnough = 40;

void expect_reached(const Setting& setting, const std::string& property) {
  const Rules rules;
  const Exploration explored = explore(setting, rules, kDeepEnough, property);
  print(setting, explored);
  ASSERT_EQ(verdict_of(explored), property) << story_or_nothing(explored, setting, rules);
  std::cout << story_of(*explored.found, setting, rules);
}

class LimitsTest : public testing::TestWithParam<Kind> {
 protected:
  Setting setting_ = two_tabs(GetParam());
};

TEST_P(LimitsTest, CookiesClearedByHandWhileTheBrowserKeepsThePassword) {
  setting_.events.cookies_cleared = true;
  expect_reached(setting_, "P1");
}

TEST_P(LimitsTest, APasswordInTheUrl) {
  setting_.events.password_in_url = true;
  expect_reached(setting_, "P1");
}

TEST_P(LimitsTest, ANewClientsVeryFirstLoginThatIsStillAtTheDirectory) {
  setting_.events.public_logout = true;
  setting_.care.first_login_settles = false;
  expect_reached(setting_, "P1");
}

TEST_P(LimitsTest, RequestsInFlightAcrossTheLogoutCostAPrompt) {
  setting_.care.crossing_excused = false;
  expect_reached(setting_, "P2");
}

TEST_P(LimitsTest, APageThatForgetsWhileThePersonTypesCostsAPrompt) {
  setting_.care.forgetting_settles = false;
  expect_reached(setting_, "P2");
}

TEST_P(LimitsTest, APromptThatIsOpenForADayCostsAnother) {
  setting_.events.waits = {std::chrono::hours(25)};
  setting_.care.crossing_excused = false;
  setting_.tabs = setting_.most_requests = 1;
  expect_reached(setting_, "P2");
}

// Two requests of a new client follow two lineages, and a late answer replaces the cookie of the
// session that the first has opened: no logout finds it.
TEST_P(LimitsTest, ANewClientsFirstRequestsSideBySide) {
  setting_.care.first_answer_settles = false;
  expect_reached(setting_, "P1");
}

TEST(LimitsOfChromiumTest, ABrowserWithoutScriptsIsAskedTwice) {
  Setting setting = two_tabs(Kind::Chromium);
  setting.runs_scripts = false;
  setting.care.no_scripts_excused = false;
  expect_reached(setting, "P2");
}

// Without Sec-Fetch-* a script's credentials look like anybody's.
TEST(LimitsOfFirefoxTest, AScriptsOwnCredentialsOverPlainHttp) {
  Setting setting = two_tabs(Kind::Firefox);
  setting.sends_metadata = false;
  setting.events.scripts_own = true;
  expect_reached(setting, "P1");
}

INSTANTIATE_TEST_SUITE_P(Browsers, LimitsTest, testing::Values(Kind::Chromium, Kind::Firefox),
                         [](const auto& kind) {
                           return kind.param == Kind::Chromium ? "AsChromium" : "AsFirefox";
                         });

}  // namespace
}  // namespace epoch::model
