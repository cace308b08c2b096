#include "ldap/directory_time.h"

#include <gtest/gtest.h>

namespace epoch::ldap {
namespace {

using core::Seconds;
using core::TimePoint;

TEST(DirectoryTime, GeneralizedTimeIsReadInAllItsForms) {
  const TimePoint time(Seconds(1'795'255'152));
  EXPECT_EQ(parse_generalized_time("20261121095912Z"), time);
  EXPECT_EQ(parse_generalized_time("20261121095912.0Z"), time);
  EXPECT_EQ(parse_generalized_time("20261121095912,75Z"), time);
  EXPECT_EQ(parse_generalized_time("20261121105912+01"), time);
  EXPECT_EQ(parse_generalized_time("20261121042912-0530"), time);
  EXPECT_EQ(parse_generalized_time("202611210959Z"), time - Seconds(12));
  EXPECT_EQ(parse_generalized_time("2026112109Z"), time - Seconds(59 * 60 + 12));
}

TEST(DirectoryTime, WhatIsNoTimeIsNone) {
  for (const char* text : {"", "Z", "20261121095912", "20261321095912Z", "20260230000000Z",
                           "20261121245912Z", "20261121096012Z", "20261121095912Zx",
                           "20261121095912+", "20261121095912+1", "x0261121095912Z"}) {
    EXPECT_EQ(parse_generalized_time(text), std::nullopt) << text;
  }
}

TEST(DirectoryTime, WhatIsWrittenIsRead) {
  const TimePoint time(Seconds(1'795'255'152));
  EXPECT_EQ(generalized_time(time), "20261121095912.0Z");
  EXPECT_EQ(parse_generalized_time(generalized_time(time)), time);
}

TEST(DirectoryTime, FileTimesCountFrom1601) {
  EXPECT_EQ(parse_file_time("116444736000000000"), TimePoint());
  EXPECT_EQ(parse_file_time("116444736010000000"), TimePoint(Seconds(1)));
  for (const char* text : {"0", "-1", "9223372036854775807", "9223372036854775808", "", "1x"}) {
    EXPECT_EQ(parse_file_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace epoch::ldap
