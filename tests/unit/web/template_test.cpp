#include "web/template.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace epoch::web {
namespace {

constexpr std::array<std::string_view, 2> kKnown = {"user", "realm"};

std::string rendered(std::string_view text, std::string_view user, std::string_view realm = "") {
  const core::Result<Template> parsed = Template::parse(text, kKnown);
  if (!parsed) return parsed.error().detail;
  const std::array<Value, 2> values = {{{"user", user}, {"realm", realm}}};
  return parsed->render(values);
}

TEST(Template, TextWithoutPlaceholdersStaysAsItIs) {
  EXPECT_EQ(rendered("a { b } c {\n}} d", "x"), "a { b } c {\n}} d");
}

TEST(Template, EachPlaceholderIsReplacedByItsEscapedValue) {
  EXPECT_EQ(rendered("{{user}}, {{realm}}, {{user}}", "a<b", "R&D"), "a&lt;b, R&amp;D, a&lt;b");
}

TEST(Template, MarkupOfOursIsPutInAsItIs) {
  const core::Result<Template> parsed = Template::parse("{{user}}", kKnown);
  ASSERT_TRUE(parsed.ok());
  const std::array<Value, 1> values = {{{"user", "a > b", Trust::Markup}}};
  EXPECT_EQ(parsed->render(values), "a > b");
}

TEST(Template, KnownNameWithoutAValueCountsAsEmpty) {
  const core::Result<Template> parsed = Template::parse("[{{user}}]{{^user}}none{{/user}}", kKnown);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->render({}), "[]none");
}

TEST(Template, SectionAppearsOnlyWhereItsValueIsSet) {
  constexpr std::string_view kText = "{{#user}}hello {{user}}{{/user}}{{^user}}nobody{{/user}}.";
  EXPECT_EQ(rendered(kText, "alice"), "hello alice.");
  EXPECT_EQ(rendered(kText, ""), "nobody.");
}

TEST(Template, SectionsNest) {
  constexpr std::string_view kText =
      "{{#user}}u{{#realm}}r{{/realm}}{{^realm}}-{{/realm}}{{/user}}";
  EXPECT_EQ(rendered(kText, "alice", "Demo"), "ur");
  EXPECT_EQ(rendered(kText, "alice", ""), "u-");
  EXPECT_EQ(rendered(kText, "", "Demo"), "");
}

TEST(Template, UnclosedSectionIsRefusedWithTheLineItBeginsOn) {
  EXPECT_EQ(rendered("\n{{#user}}\n\n", "x"),
            "line 2: the section {{#user}} is never closed; close it with {{/user}}");
}

TEST(Template, SectionClosedOutOfOrderIsRefused) {
  EXPECT_EQ(rendered("{{#user}}{{#realm}}\n{{/user}}{{/realm}}", "x"),
            "line 2: {{/user}} closes a section that is not the last one opened");
  EXPECT_EQ(rendered("{{/user}}", "x"),
            "line 1: {{/user}} closes a section that is not the last one opened");
}

TEST(Template, NameIsComparedExactly) {
  constexpr std::string_view kKnownNames = "known in this page; known are {{user}}, {{realm}}";
  EXPECT_EQ(rendered("{{ user }}", "x"), "line 1: {{ user }} is not " + std::string(kKnownNames));
  EXPECT_EQ(rendered("{{}}", "x"), "line 1: {{}} is not " + std::string(kKnownNames));
  EXPECT_EQ(rendered("{{#}}", "x"), "line 1: {{#}} is not " + std::string(kKnownNames));
}

TEST(Template, PlaceholderMustEndOnItsLine) {
  constexpr std::string_view kRefusal =
      "line 1: a placeholder begins with {{ and has no }} on the same line";
  EXPECT_EQ(rendered("{{user", "x"), kRefusal);
  EXPECT_EQ(rendered("{{user\n}}", "x"), kRefusal);
}

}  // namespace
}  // namespace epoch::web
