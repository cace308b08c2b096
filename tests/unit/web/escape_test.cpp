#include "web/escape.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace epoch::web {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kReplaced = "\xef\xbf\xbd";

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

TEST(HtmlEscape, EscapesWhatCouldEndAnElementOrAnAttribute) {
  EXPECT_EQ(html_escaped("<a href='x' title=\"y\">&amp;"),
            "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;");
}

TEST(HtmlEscape, LeavesOtherTextAlone) { EXPECT_EQ(html_escaped("Zoë = 1/2"), "Zoë = 1/2"); }

TEST(PercentEncoding, KeepsUnreservedCharactersOnly) {
  EXPECT_EQ(percent_encoded("/a-b_c.d~e?x=1&y=%20 z"), "%2Fa-b_c.d~e%3Fx%3D1%26y%3D%2520%20z");
  EXPECT_EQ(percent_encoded("\xc3\xab\0"sv), "%C3%AB%00");
}

TEST(JsonString, EscapesQuotesAndBackslashes) {
  EXPECT_EQ(json_string("a \"b\" c:\\d"), R"("a \"b\" c:\\d")");
}

TEST(JsonString, EscapesControlCharacters) {
  EXPECT_EQ(json_string("\0\t\r\n\x1f\x7f"sv), R"("\u0000\u0009\u000d\u000a\u001f\u007f")");
}

TEST(JsonString, KeepsWellFormedUtf8) {
  constexpr std::string_view kText = "\xc3\xab \xe2\x82\xac \xf0\x9f\x94\x91 \xf4\x8f\xbf\xbf";
  EXPECT_EQ(json_string(kText), in_quotes(kText));
}

TEST(JsonString, EscapesWhatUnicodeCountsAsAControlCharacterOrALinesEnd) {
  EXPECT_EQ(json_string("\xc2\x80\xc2\x85\xc2\x9f\xe2\x80\xa8\xe2\x80\xa9"),
            R"("\u0080\u0085\u009f\u2028\u2029")");
  EXPECT_EQ(json_string("\xc2\xa0\xe2\x80\xa7"), in_quotes("\xc2\xa0\xe2\x80\xa7"));
}

TEST(JsonString, IsCutBetweenTwoCharacters) {
  EXPECT_EQ(json_string("12345678", 10), in_quotes("12345678"));
  EXPECT_EQ(json_string("123456789", 10), in_quotes("12345\xe2\x80\xa6"));
  EXPECT_EQ(json_string("1234\n6789", 10), in_quotes("1234\xe2\x80\xa6"));
  EXPECT_EQ(json_string("1234\xc3\xab\xc3\xab\xc3\xab", 10), in_quotes("1234\xe2\x80\xa6"));
}

TEST(JsonString, ReplacesEveryByteThatIsNotUtf8) {
  const std::string replaced(kReplaced);
  EXPECT_EQ(json_string("Zo\xeb!"), in_quotes("Zo" + replaced + "!"));                // Latin-1
  EXPECT_EQ(json_string("\xc0\xaf"), in_quotes(replaced + replaced));                 // overlong
  EXPECT_EQ(json_string("\xe0\x80\xaf"), in_quotes(replaced + replaced + replaced));  // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), in_quotes(replaced + replaced + replaced));  // surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80").size(), 2 + 4 * kReplaced.size());        // too large
  EXPECT_EQ(json_string("a\xe2\x82"), in_quotes("a" + replaced + replaced));          // cut off
  EXPECT_EQ(json_string("\xe2\x82z"), in_quotes(replaced + replaced + "z"));  // third byte missing
}

}  // namespace
}  // namespace epoch::web
