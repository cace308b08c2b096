#include "cli/listing.h"

#include <gtest/gtest.h>

namespace epoch::cli {
namespace {

constexpr core::TimePoint kNow{core::Seconds(1'800'000'000)};

core::Listed listed() {
  core::Listed l{.key = {}, .session = {}, .outgrown = std::nullopt};
  l.key.value.fill(0xab);
  l.session.identity.user = "alice";
  l.session.zone = "example.org \"Staff\"";
  l.session.address = "192.0.2.7";
  l.session.authenticated = l.session.last_seen = kNow;
  l.session.expires = kNow + core::Seconds(60);
  return l;
}

TEST(Listing, ShowsASessionByItsPublicId) {
  const std::string line = listing_line(listed(), kNow);
  EXPECT_TRUE(line.starts_with("abababababababababababababababab live ")) << line;
  EXPECT_NE(line.find("2027-01-15T08:00:00Z"), std::string::npos) << line;
  EXPECT_TRUE(line.ends_with("alice           example.org \"Staff\"")) << line;
}

TEST(Listing, NobodysNameDrawsOnTheTerminal) {
  core::Listed l = listed();
  l.session.identity.user = "eve\x1b[2J\nroot";
  const std::string line = listing_line(l, kNow);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find("eve\\x1b[2J\\x0aroot"), std::string::npos) << line;
}

TEST(Listing, SaysWhyASessionIsOver) {
  core::Listed l = listed();
  EXPECT_EQ(state_of(l, kNow), "live");
  EXPECT_EQ(state_of(l, kNow + core::Seconds(60)), "max-age");
  l.outgrown = core::EndReason::EpochGrown;
  EXPECT_EQ(state_of(l, kNow), "logged-out-everywhere");
  l.outgrown = core::EndReason::PasswordChanged;
  EXPECT_EQ(state_of(l, kNow), "password-changed");
  l.session.end = core::End{.reason = core::EndReason::LoggedOut, .at = kNow};
  EXPECT_EQ(state_of(l, kNow), "logged-out");
}

}  // namespace
}  // namespace epoch::cli
