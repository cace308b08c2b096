#include "ldap/watcher_status.h"

#include <gtest/gtest.h>

#include "ldap/backoff.h"
#include "ldap_testing.h"

namespace epoch::ldap {
namespace {

class Reporting : public ::testing::Test {
 protected:
  std::vector<LogLine> lines;
  std::vector<WatcherStatus> published;
  StatusReport report{"ldap://h/",
                      [this](Severity severity, const std::string& text) {
                        lines.push_back({severity, text});
                      },
                      [this](const WatcherStatus& status) { published.push_back(status); }};
};

TEST_F(Reporting, AnOutageIsLoggedOnceAndItsEndOnce) {
  report.following(Method::Sync, {.entries = 5}, kNoon);
  for (int attempt = 1; attempt < 10; ++attempt) {
    report.failing("no\nanswer", kNoon + core::Seconds(attempt));
    report.connecting(kNoon + core::Seconds(attempt));
    report.refreshing(Method::Sync, kNoon + core::Seconds(attempt));
  }
  report.following(Method::Sync, {.entries = 5}, kNoon + core::Seconds(20));
  report.following(Method::Sync, {.entries = 5}, kNoon + core::Seconds(21));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].severity, Severity::Info);
  EXPECT_EQ(lines[1].severity, Severity::Warning);
  EXPECT_NE(lines[1].text.find("since 2027-01-15 08:00:01 UTC: no\\x0aanswer"), std::string::npos)
      << lines[1].text;
  EXPECT_NE(lines[2].text.find("again by content synchronisation, 5 entries"), std::string::npos);
}

TEST_F(Reporting, TheStatusTellsHowFarBehindItMayBe) {
  EXPECT_EQ(report.status().lag(kNoon), std::nullopt);
  report.following(Method::Poll, {}, kNoon);
  report.failing("gone", kNoon + core::Seconds(3));
  EXPECT_EQ(report.status().state, WatcherState::Failing);
  EXPECT_EQ(report.status().since, kNoon + core::Seconds(3));
  EXPECT_EQ(report.status().lag(kNoon + core::Seconds(10)), core::Seconds(10));
}

TEST_F(Reporting, WithoutAChangeItIsPublishedOnceASecond) {
  report.following(Method::Sync, {}, kNoon);
  published.clear();
  for (int i = 0; i < 100; ++i) report.tick({}, kNoon + core::Seconds(i / 50));
  EXPECT_EQ(published.size(), 1U);
}

TEST(BackoffOfAttempts, ItGrowsToHalfAMinuteAndStartsAnew) {
  Backoff backoff(1);
  auto longest = Backoff::kFirst;
  for (int i = 0; i < 20; ++i) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, longest / 2);
    EXPECT_LE(wait, longest);
    longest = std::min(2 * longest, Backoff::kLast);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), Backoff::kFirst);
}

TEST(Printable, ControlCharactersAndBackslashesAreEscaped) {
  EXPECT_EQ(printable("a\nb\\c\x7f\xc3\xa9"), "a\\x0ab\\\\c\\x7f\xc3\xa9");
}

}  // namespace
}  // namespace epoch::ldap
