#include "web/sessions_page.h"

#include <gtest/gtest.h>

#include "web/page_testing.h"

namespace epoch::web {
namespace {

constexpr core::TimePoint kLogin{core::Seconds(1'800'000'000)};  // 2027-01-15 08:00
constexpr std::string_view kEvil = "<script>alert('1')</script>&\"";
constexpr std::string_view kHarmless = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;";

SessionEntry entry(const std::string& id, bool current = false) {
  return {.id = id,
          .current = current,
          .address = "192.0.2.7",
          .user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
          .signed_in = kLogin,
          .last_seen = kLogin + core::Seconds(60),
          .expires = kLogin + core::Seconds(3600)};
}

SessionsValues values(std::vector<SessionEntry> entries = {entry("aa", true), entry("bb")}) {
  return {.nonce = kNonce,
          .realm = "Staff",
          .user = "alice",
          .return_path = "/app/",
          .entries = std::move(entries),
          .form = {.action = "/sessions", .token = "t0ken"},
          .next = ""};
}

std::string body(const SessionsValues& v) { return sessions_page({}, v).body; }

TEST(SessionsPage, ShowsWhatTellsTheSessionsApart) {
  const std::string html = body(values());
  EXPECT_EQ(count(html, "Firefox on Linux <span class=\"badge\">This browser</span>"), 1U);
  EXPECT_EQ(count(html, "<h2>Firefox on Linux"), 2U);
  EXPECT_EQ(count(html, "<dd>192.0.2.7</dd>"), 2U);
  EXPECT_EQ(count(html, "<time datetime=\"2027-01-15T08:00:00Z\">2027-01-15 08:00 UTC</time>"), 2U);
  EXPECT_EQ(count(html, "<time datetime=\"2027-01-15T08:01:00Z\">"), 1U);
  EXPECT_TRUE(contains(html, "<dd>now</dd>"));
  EXPECT_TRUE(contains(html, "signed in as <strong><bdi>alice</bdi></strong>"));
}

TEST(SessionsPage, EveryFormPostsToThePageWithTheToken) {
  const std::string html = body(values());
  EXPECT_EQ(count(html, "<form method=\"post\" action=\"/sessions\">"), 4U);
  EXPECT_EQ(count(html, "<form"), 4U);
  EXPECT_EQ(count(html, "name=\"token\" value=\"t0ken\""), 4U);
  EXPECT_EQ(count(html, "name=\"session\" value=\"bb\""), 1U);
  EXPECT_EQ(count(html, "name=\"action\" value=\"end\""), 2U);
  EXPECT_EQ(count(html, "name=\"action\" value=\"others\""), 1U);
  EXPECT_EQ(count(html, "name=\"action\" value=\"all\""), 1U);
}

TEST(SessionsPage, EveryButtonSaysWhatItEnds) {
  EXPECT_EQ(count(body(values()),
                  ">Sign out<span class=\"visually-hidden\">: Firefox on Linux, 192.0.2.7</span>"),
            2U);
}

TEST(SessionsPage, OffersToEndTheOthersOnlyWhereThereAreAny) {
  EXPECT_FALSE(contains(body(values({entry("aa", true)})), "value=\"others\""));
  SessionsValues second = values({entry("aa", true)});
  second.first = false;
  EXPECT_TRUE(contains(body(second), "value=\"others\""));
}

TEST(SessionsPage, NothingThatAClientSaysBecomesMarkup) {
  SessionsValues v = values();
  v.user = kEvil;
  v.realm = kEvil;
  v.entries[0].address = kEvil;
  v.entries[1].user_agent = kEvil;
  const std::string html = body(v);
  EXPECT_FALSE(contains(html, "<script>alert"));
  EXPECT_TRUE(contains(html, "<bdi>" + std::string(kHarmless) + "</bdi></strong>"));
  EXPECT_TRUE(contains(html, "<dd>" + std::string(kHarmless) + "</dd>"));
  EXPECT_TRUE(contains(html, "<p class=\"quiet\"><bdi>" + std::string(kHarmless)));
}

TEST(SessionsPage, AnAgentThatLooksLikeAPlaceholderIsNotReplaced) {
  SessionsValues v = values();
  v.entries[1].user_agent = "{{token}}{{#current}}";
  EXPECT_TRUE(contains(body(v), "<bdi>{{token}}{{#current}}</bdi>"));
}

TEST(SessionsPage, SaysWhatHasBecomeOfTheAction) {
  SessionsValues v = values();
  EXPECT_FALSE(contains(body(v), "class=\"notice\""));
  const std::pair<SessionsStatus, std::string_view> said[] = {
      {SessionsStatus::Ended, "That session has been ended."},
      {SessionsStatus::OthersEnded, "All other browsers have been signed out."},
      {SessionsStatus::WasOver, "That session was over already."},
      {SessionsStatus::OutOfDate, "Nothing was changed"},
      {SessionsStatus::NoSession, "without a session"}};
  for (const auto& [status, sentence] : said) {
    v.status = status;
    const std::string html = body(v);
    EXPECT_EQ(count(html, "class=\"notice\""), 1U);
    EXPECT_LT(html.find("role=\"status\""), html.find(sentence));
    EXPECT_TRUE(contains(html, sentence));
  }
}

TEST(SessionsPage, WithoutASessionThereIsNothingToPress) {
  SessionsValues v = values({});
  v.form = {};
  v.status = SessionsStatus::NoSession;
  EXPECT_FALSE(contains(body(v), "<button"));
  EXPECT_FALSE(contains(body(v), "<ul"));
}

TEST(SessionsPage, LeadsToTheNextPageAndBack) {
  SessionsValues v = values();
  EXPECT_FALSE(contains(body(v), "More sessions"));
  v.next = "a-b_c";
  v.first = false;
  EXPECT_TRUE(contains(body(v), "href=\"/sessions?from=a-b_c\">More sessions"));
  EXPECT_TRUE(contains(body(v), "href=\"/sessions\">Back to the first"));
}

TEST(SessionsPage, AnAdministratorsEntryTakesThePlaceOfOurs) {
  PageTemplates templates;
  ASSERT_TRUE(templates.replace("session-entry", "[{{session}} {{user_agent}}]").ok());
  ASSERT_TRUE(templates.replace("sessions", "{{#entries}}{{entries}}{{/entries}}").ok());
  SessionsValues v = values({entry("aa")});
  v.entries[0].user_agent = "<b>";
  EXPECT_EQ(sessions_page(templates, v).body, "[aa &lt;b&gt;]");
}

TEST(SessionsJson, IsOneObject) {
  EXPECT_EQ(
      sessions_json(values({entry("aa", true)})),
      R"({"sessions":[{"session":"aa","current":true,"browser":"Firefox","system":"Linux",)"
      R"("user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",)"
      R"("address":"192.0.2.7","signed_in":"2027-01-15T08:00:00Z",)"
      R"("last_seen":"2027-01-15T08:01:00Z","expires":"2027-01-15T09:00:00Z"}],)"
      R"("token":"t0ken","next":null})"
      "\n");
}

TEST(SessionsJson, WhatIsNotKnownIsNullAndStringsStayStrings) {
  SessionsValues v = values({entry("aa"), entry("bb")});
  v.entries[0].user_agent = "\"},\xff\n";
  v.next = "a-b";
  const std::string json = sessions_json(v);
  EXPECT_TRUE(contains(json, R"("browser":null,"system":null,"user_agent":"\"},)"
                             "\xef\xbf\xbd"
                             R"(\u000a",)"));
  EXPECT_TRUE(contains(json, R"("current":false)"));
  EXPECT_TRUE(contains(json, "},{"));
  EXPECT_TRUE(contains(json, R"("next":"a-b")"));
}

}  // namespace
}  // namespace epoch::web
