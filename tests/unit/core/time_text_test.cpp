#include "core/time_text.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

TEST(TimeText, IsRfc3339InUtc) {
  EXPECT_EQ(time_text(TimePoint{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(time_text(TimePoint(Seconds(1'709'208'245))), "2024-02-29T12:04:05Z");
}

}  // namespace
}  // namespace epoch::core
