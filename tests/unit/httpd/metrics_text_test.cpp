#include "httpd/metrics_text.h"

#include <gtest/gtest.h>

#include <memory>

namespace epoch::httpd {
namespace {

using std::chrono::microseconds;

constexpr core::TimePoint kNow{core::Seconds(1'800'000'000)};

class MetricsTextTest : public testing::Test {
 protected:
  // Whether the line stands there, whole.
  [[nodiscard]] bool has(const std::string& line) const {
    return ("\n" + metrics_text(*metrics_, directories_, census_, kNow)).find("\n" + line + "\n") !=
           std::string::npos;
  }

  std::unique_ptr<SharedMetrics> metrics_ = std::make_unique<SharedMetrics>();
  std::vector<WatchedDirectory> directories_;
  Census census_;
};

TEST_F(MetricsTextTest, EveryCounterIsThereFromTheStart) {
  EXPECT_TRUE(has("# TYPE auth_epoch_logins_total counter"));
  EXPECT_TRUE(has("auth_epoch_logins_total 0"));
  EXPECT_TRUE(has("auth_epoch_refusals_total{reason=\"session-ended\"} 0"));
  EXPECT_TRUE(has("auth_epoch_sessions_ended_total{reason=\"account-renamed\"} 0"));
  EXPECT_TRUE(has("auth_epoch_accounts_ended_total{reason=\"account-gone\"} 0"));
}

TEST_F(MetricsTextTest, WhatIsCountedShowsWhereItBelongs) {
  metrics_->refusals.add(core::Reason::DirectoryUnavailable);
  metrics_->logouts.add(core::LogoutScope::AllBrowsers);
  metrics_->ended_sessions.add(core::EndReason::Superseded);
  metrics_->admissions.add(3);
  EXPECT_TRUE(has("auth_epoch_refusals_total{reason=\"directory-unavailable\"} 1"));
  EXPECT_TRUE(has("auth_epoch_logouts_total{scope=\"all\"} 1"));
  EXPECT_TRUE(has("auth_epoch_logouts_total{scope=\"this\"} 0"));
  EXPECT_TRUE(has("auth_epoch_sessions_ended_total{reason=\"superseded\"} 1"));
  EXPECT_TRUE(has("auth_epoch_admissions_total{kind=\"session\"} 3"));
  EXPECT_EQ(totals_of(*metrics_)[3].value, 1U);
}

TEST_F(MetricsTextTest, SessionsAreCountedByZone) {
  EXPECT_FALSE(has("# TYPE auth_epoch_sessions_live gauge")) << "not counted yet";
  census_ = {{"www.example.org:443 \"Staff\"", 12}};
  EXPECT_TRUE(has(R"(auth_epoch_sessions_live{zone="www.example.org:443 \"Staff\""} 12)"));
  EXPECT_TRUE(has("# TYPE auth_epoch_sessions_live gauge"));
}

TEST_F(MetricsTextTest, BucketsAreCumulativeAndTheirBoundsInclusive) {
  for (const int time : {1, 250, 251, 1'000'000, 1'000'001}) {
    metrics_->store_writes.add(microseconds(time));
  }
  const std::string bucket = "auth_epoch_store_write_duration_seconds_bucket";
  EXPECT_TRUE(has(bucket + "{le=\"0.00025\"} 2"));
  EXPECT_TRUE(has(bucket + "{le=\"0.0005\"} 3"));
  EXPECT_TRUE(has(bucket + "{le=\"1\"} 4"));
  EXPECT_TRUE(has(bucket + "{le=\"+Inf\"} 5"));
  EXPECT_TRUE(has("auth_epoch_store_write_duration_seconds_count 5"));
  EXPECT_TRUE(has("auth_epoch_store_write_duration_seconds_sum 2.000503"));
}

TEST_F(MetricsTextTest, ADirectorysStateIsShownUnderItsUrlEscaped) {
  ldap::WatcherStatus status;
  status.state = ldap::WatcherState::Following;
  status.tally.entries = 7;
  status.current_as_of = kNow - core::Seconds(3);
  directories_ = {{.url = "ldap://a/\"o\\x\"", .status = status},
                  {.url = "ldap://b/", .status = std::nullopt}};
  EXPECT_TRUE(has(R"(auth_epoch_watch_state{directory="ldap://a/\"o\\x\"",state="following"} 1)"));
  EXPECT_TRUE(has(R"(auth_epoch_watch_lag_seconds{directory="ldap://a/\"o\\x\""} 3)"));
  EXPECT_TRUE(has(R"(auth_epoch_watch_entries{directory="ldap://a/\"o\\x\""} 7)"));
  EXPECT_TRUE(has(R"(auth_epoch_watch_state{directory="ldap://b/",state="unwatched"} 1)"));
  EXPECT_FALSE(has(R"(auth_epoch_watch_entries{directory="ldap://b/"} 0)"));
}

}  // namespace
}  // namespace epoch::httpd
