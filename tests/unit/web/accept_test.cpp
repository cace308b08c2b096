#include "web/accept.h"

#include <gtest/gtest.h>

namespace epoch::web {
namespace {

TEST(Accept, BrowsersAndWhoeverTakesAnythingGetHtml) {
  EXPECT_FALSE(prefers_json(""));
  EXPECT_FALSE(prefers_json("*/*"));
  EXPECT_FALSE(prefers_json("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
  EXPECT_FALSE(prefers_json("application/*"));
}

TEST(Accept, JsonIsForThoseWhoNameIt) {
  EXPECT_TRUE(prefers_json("application/json"));
  EXPECT_TRUE(prefers_json("Application/JSON; charset=utf-8, */*;q=0.8"));
  EXPECT_TRUE(prefers_json("text/plain, application/json;q=0.1"));
}

TEST(Accept, OfBothTheGreaterQualityCounts) {
  EXPECT_TRUE(prefers_json("text/html;q=0.8, application/json"));
  EXPECT_TRUE(prefers_json("text/html;q=0.89 , application/json ; q=0.9"));
  EXPECT_FALSE(prefers_json("text/html, application/json"));
  EXPECT_FALSE(prefers_json("text/html;q=0.5, application/json;q=0.499"));
  EXPECT_TRUE(prefers_json("text/html;level=1;Q=0, application/json;q=0.001"));
}

TEST(Accept, AQualityThatIsNoneCountsAsZero) {
  for (const char* q : {"0", "0.000", "", "x", "-1", "1.5", "2", "0,5", ".9", "0.9999", "1e0"}) {
    EXPECT_FALSE(prefers_json(std::string("application/json;q=") + q)) << q;
  }
}

}  // namespace
}  // namespace epoch::web
