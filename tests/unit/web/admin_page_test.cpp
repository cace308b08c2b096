#include "web/admin_page.h"

#include <gtest/gtest.h>

#include "web/page_testing.h"

namespace epoch::web {
namespace {

constexpr core::TimePoint kLogin{core::Seconds(1'800'000'000)};  // 2027-01-15 08:00
constexpr std::string_view kEvil = "<script>alert('1')</script>&\"";
constexpr std::string_view kHarmless = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;";
constexpr SessionForm kForm{.action = "/admin", .token = "t0ken"};

AdminEntry entry(const std::string& user, const std::string& id) {
  return {.user = user,
          .zone = "staff",
          .session = {.id = id,
                      .current = false,
                      .address = "192.0.2.7",
                      .user_agent =
                          "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                      .signed_in = kLogin,
                      .last_seen = kLogin + core::Seconds(60),
                      .expires = kLogin + core::Seconds(3600)}};
}

AdminValues values(std::vector<AdminEntry> entries = {entry("alice", "aa"), entry("bob", "bb")}) {
  return {.nonce = kNonce,
          .realm = "Staff",
          .return_path = "/app/",
          .entries = std::move(entries),
          .form = kForm,
          .search = {},
          .next = ""};
}

AdminConfirmValues question(AdminReach reach, const AdminEntry* entry = nullptr) {
  return {.nonce = kNonce,
          .realm = "Staff",
          .form = kForm,
          .reach = reach,
          .entry = entry,
          .zone = reach == AdminReach::Zone ? "partners" : ""};
}

std::string body(const AdminValues& v) { return admin_page({}, v).body; }
std::string body(const AdminConfirmValues& v) { return admin_confirm({}, v).body; }

// ---- the list

TEST(AdminPage, ShowsWhoseSessionsThereAreAndWhatTellsThemApart) {
  AdminValues v = values();
  v.entries[1].session.current = true;
  const std::string html = body(v);
  EXPECT_TRUE(contains(html, "<h2><bdi>alice</bdi></h2>"));
  EXPECT_TRUE(contains(html, "<h2><bdi>bob</bdi> <span class=\"badge\">This browser</span></h2>"));
  EXPECT_EQ(count(html, "<dd>Firefox on Linux</dd>"), 2U);
  EXPECT_EQ(count(html, "<dd>192.0.2.7</dd>"), 2U);
  EXPECT_EQ(count(html, "<dd><bdi>staff</bdi></dd>"), 2U);
  EXPECT_EQ(count(html, "<time datetime=\"2027-01-15T08:00:00Z\">2027-01-15 08:00 UTC</time>"), 2U);
  EXPECT_EQ(count(html, "<time datetime=\"2027-01-15T08:01:00Z\">"), 1U);
  EXPECT_EQ(count(html, "<dd>now</dd>"), 1U);
  EXPECT_TRUE(contains(html, "href=\"/app/\">Go back to this site"));
}

TEST(AdminPage, LeadsToAQuestionBeforeAnythingEnds) {
  const std::string html = body(values({entry("alice", "aa")}));
  EXPECT_TRUE(contains(html, "href=\"/admin?confirm=session&amp;session=aa\""));
  EXPECT_TRUE(contains(html, "href=\"/admin?confirm=user&amp;session=aa\""));
  EXPECT_TRUE(contains(html, "href=\"/admin?confirm=zone&amp;zone=staff\""));
  EXPECT_TRUE(contains(html, "href=\"/admin?confirm=all\""));
  EXPECT_FALSE(contains(html, "method=\"post\""));
  EXPECT_FALSE(contains(html, "t0ken"));
}

TEST(AdminPage, EveryLinkSaysWhatItEnds) {
  const std::string html = body(values({entry("alice", "aa")}));
  EXPECT_EQ(count(html, "<span class=\"visually-hidden\"> of alice: Firefox on Linux, 192.0.2.7<"),
            1U);
  EXPECT_EQ(count(html, "<span class=\"visually-hidden\"> alice, staff<"), 1U);
  EXPECT_EQ(count(html, "<span class=\"visually-hidden\"> staff<"), 1U);
}

TEST(AdminPage, AZoneIsPercentEncodedInItsUrl) {
  AdminValues v = values({entry("alice", "aa")});
  v.entries[0].zone = "www.example.org \"Staff\" &b=+%";
  EXPECT_TRUE(
      contains(body(v), "confirm=zone&amp;zone=www.example.org%20%22Staff%22%20%26b%3D%2B%25\""));
}

TEST(AdminPage, NothingThatOthersSayBecomesMarkup) {
  AdminValues v = values({entry(std::string(kEvil), "aa")});
  v.realm = kEvil;
  v.entries[0].zone = kEvil;
  v.entries[0].session.address = kEvil;
  v.entries[0].session.user_agent = kEvil;
  v.search = {.user = kEvil, .zone = kEvil, .address = kEvil, .hours = kEvil};
  v.next = "a-b";
  v.first = false;
  const std::string html = body(v);
  const std::string harmless(kHarmless);
  EXPECT_FALSE(contains(html, "<script>alert"));
  EXPECT_TRUE(contains(html, "<h2><bdi>" + harmless + "</bdi>"));
  EXPECT_TRUE(contains(html, "<dd><bdi>" + harmless + "</bdi></dd>"));
  EXPECT_TRUE(contains(html, "<dd>" + harmless + "</dd>"));
  EXPECT_TRUE(contains(html, "<bdi class=\"quiet\">" + harmless + "</bdi>"));
  for (const std::string field : {"user", "zone", "address", "hours"}) {
    EXPECT_TRUE(contains(html, "<input name=\"" + field + "\" value=\"" + harmless + "\""))
        << field;
  }
}

TEST(AdminPage, WhatLooksLikeAPlaceholderIsNotReplaced) {
  AdminValues v = values({entry("{{token}}{{#ended}}", "aa")});
  v.entries[0].session.user_agent = "{{nonce}}";
  v.search.user = "{{style}}";
  const std::string html = body(v);
  EXPECT_TRUE(contains(html, "<h2><bdi>{{token}}{{#ended}}</bdi></h2>"));
  EXPECT_TRUE(contains(html, "<bdi class=\"quiet\">{{nonce}}</bdi>"));
  EXPECT_TRUE(contains(html, "value=\"{{style}}\""));
}

TEST(AdminPage, KeepsTheSearchOnTheWayToTheNextPageAndBack) {
  AdminValues v = values();
  EXPECT_FALSE(contains(body(v), "Look further"));
  EXPECT_FALSE(contains(body(v), "Back to the first"));
  v.search = {.user = "al&x", .zone = "", .address = "192.0.2.", .hours = "8"};
  v.next = "a-b_c";
  v.first = false;
  const std::string html = body(v);
  const std::string search = "href=\"/admin?user=al%26x&amp;address=192.0.2.&amp;hours=8";
  EXPECT_TRUE(contains(html, search + "&amp;from=a-b_c\">Look further"));
  EXPECT_TRUE(contains(html, search + "\">Back to the first"));
}

TEST(AdminPage, AListWithoutASearchBeginsAtThePageItself) {
  AdminValues v = values();
  v.first = false;
  EXPECT_TRUE(contains(body(v), "href=\"/admin\">Back to the first"));
}

TEST(AdminPage, SaysWhetherThereMayBeMoreWhereNoneWasFound) {
  AdminValues v = values({});
  EXPECT_TRUE(contains(body(v), "No live session was found."));
  EXPECT_FALSE(contains(body(v), "<ul"));
  v.next = "a-b";
  EXPECT_TRUE(contains(body(v), "None among those looked at so far."));
  EXPECT_FALSE(contains(body(v), "No live session was found."));
}

TEST(AdminPage, SaysWhatHasBecomeOfTheAction) {
  AdminValues v = values();
  EXPECT_FALSE(contains(body(v), "class=\"notice\""));
  const std::pair<AdminStatus, std::string_view> said[] = {
      {AdminStatus::SessionEnded, "That session has been ended."},
      {AdminStatus::UserEnded, "All sessions of that user in that zone have been ended."},
      {AdminStatus::ZoneEnded, "All sessions of that zone have been ended."},
      {AdminStatus::EverythingEnded, "All sessions have been ended."},
      {AdminStatus::WasOver, "That session was over already. Nothing was changed."},
      {AdminStatus::OutOfDate, "Nothing was changed: the page you came from"}};
  for (const auto& [status, sentence] : said) {
    v.status = status;
    const std::string html = body(v);
    EXPECT_EQ(count(html, "class=\"notice\""), 1U) << sentence;
    EXPECT_TRUE(contains(html, sentence)) << sentence;
    EXPECT_LT(html.find("role=\"status\""), html.find(sentence)) << sentence;
  }
}

TEST(AdminPage, AnAdministratorsEntryTakesThePlaceOfOurs) {
  PageTemplates templates;
  ASSERT_TRUE(templates.replace("admin-entry", "[{{user}} {{zone}} {{session}}]").ok());
  ASSERT_TRUE(templates.replace("admin", "{{#entries}}{{entries}}{{/entries}}").ok());
  EXPECT_EQ(admin_page(templates, values({entry("<b>", "aa")})).body, "[&lt;b&gt; staff aa]");
}

// ---- the question

// What each question says and sends; an empty text must not be there.
struct Question {
  AdminReach reach;
  std::string says;
  std::string about;
  std::string action;
  std::string session;
  std::string zone;
};

// What a failure shows. The bytes of a Question, which it would show else, are partly nobody's.
void PrintTo(const Question& question, std::ostream* out) { *out << question.says; }

class AdminQuestion : public testing::TestWithParam<Question> {};

TEST_P(AdminQuestion, NamesWhatEndsAndSendsNothingElse) {
  const Question& asked = GetParam();
  const AdminEntry alice = entry("alice", "aa");
  const std::string html = body(question(asked.reach, asked.session.empty() ? nullptr : &alice));
  const auto sends = [&](const std::string& name, const std::string& value) {
    const std::string field = "name=\"" + name + "\"";
    return value.empty() ? !contains(html, field) : contains(html, field + " value=\"" + value);
  };
  EXPECT_TRUE(contains(html, "<h1>" + asked.says + "</h1>"));
  EXPECT_TRUE(contains(html, asked.about)) << asked.about;
  EXPECT_TRUE(sends("action", asked.action));
  EXPECT_TRUE(sends("session", asked.session));
  EXPECT_TRUE(sends("zone", asked.zone));
}

INSTANTIATE_TEST_SUITE_P(
    Each, AdminQuestion,
    testing::Values(Question{AdminReach::Session, "End this session?",
                             "<bdi>alice</bdi></strong>, Firefox on Linux, 192.0.2.7, signed in ",
                             "end-session", "aa", ""},
                    Question{AdminReach::Session, "End this session?",
                             "in the zone <bdi>staff</bdi>.", "end-session", "aa", ""},
                    Question{AdminReach::User, "End all sessions of this user?",
                             "<bdi>alice</bdi></strong> will be signed out", "end-user", "aa", ""},
                    Question{AdminReach::User, "End all sessions of this user?",
                             "in the zone <bdi>staff</bdi>.", "end-user", "aa", ""},
                    Question{AdminReach::Zone, "End all sessions of this zone?",
                             "in the zone <strong><bdi>partners</bdi></strong>.", "end-zone", "",
                             "partners"},
                    Question{AdminReach::Everything, "End everybody’s sessions?",
                             "in all zones of this server", "end-all", "", ""}));

TEST(AdminConfirm, HasOneFormWithTheTokenAReasonAndOneAction) {
  const AdminEntry alice = entry("alice", "aa");
  for (const AdminReach reach :
       {AdminReach::Session, AdminReach::User, AdminReach::Zone, AdminReach::Everything}) {
    const std::string html = body(question(reach, reach < AdminReach::Zone ? &alice : nullptr));
    EXPECT_EQ(count(html, "<h1>"), 1U);
    EXPECT_EQ(count(html, "<form"), 1U);
    EXPECT_TRUE(contains(html, "<form method=\"post\" action=\"/admin\""));
    EXPECT_EQ(count(html, "name=\"token\" value=\"t0ken\""), 1U);
    EXPECT_EQ(count(html, "name=\"reason\" required maxlength=\"200\""), 1U);
    EXPECT_EQ(count(html, "name=\"action\""), 1U);
    EXPECT_TRUE(contains(html, "href=\"/admin\">Cancel"));
    EXPECT_FALSE(contains(html, "name=\"keep\""));
    EXPECT_FALSE(contains(html, "class=\"notice\""));
    EXPECT_FALSE(contains(html, "autofocus"));
  }
}

TEST(AdminConfirm, OffersToKeepOnesOwnSessionWhereItWouldEnd) {
  AdminConfirmValues v = question(AdminReach::Everything);
  v.spares_own = true;
  EXPECT_TRUE(
      contains(body(v), "<input type=\"checkbox\" name=\"keep\" value=\"own\" checked> Keep"));
}

TEST(AdminConfirm, AsksAgainForAReasonThatIsMissing) {
  AdminConfirmValues v = question(AdminReach::Everything);
  v.no_reason = true;
  const std::string html = body(v);
  EXPECT_TRUE(contains(html, " autofocus aria-invalid=\"true\" aria-describedby=\"no-reason\">"));
  EXPECT_TRUE(contains(html, "<p id=\"no-reason\" class=\"notice\">Please say why"));
}

TEST(AdminConfirm, NothingThatOthersSayBecomesMarkup) {
  AdminEntry evil = entry(std::string(kEvil), std::string(kEvil));
  evil.zone = kEvil;
  evil.session.address = kEvil;
  AdminConfirmValues zone = question(AdminReach::Zone);
  zone.zone = kEvil;
  const std::string harmless(kHarmless);
  for (const std::string& html : {body(question(AdminReach::Session, &evil)),
                                  body(question(AdminReach::User, &evil)), body(zone)}) {
    EXPECT_FALSE(contains(html, "<script>alert"));
    EXPECT_TRUE(contains(html, "<strong><bdi>" + harmless + "</bdi></strong>"));
    EXPECT_TRUE(contains(html, " value=\"" + harmless + "\""));
  }
}

// ---- both

TEST(AdminPages, AllowOnlyWhatCarriesTheNonceAndForbidFraming) {
  for (const Page& page :
       {admin_page({}, values()), admin_confirm({}, question(AdminReach::Everything))}) {
    EXPECT_TRUE(contains(page.content_security_policy, "default-src 'none'"));
    EXPECT_TRUE(
        contains(page.content_security_policy, "script-src 'nonce-" + std::string(kNonce) + "'"));
    EXPECT_TRUE(contains(page.content_security_policy, "frame-ancestors 'none'"));
    EXPECT_TRUE(contains(page.content_security_policy, "form-action 'self'"));
    EXPECT_FALSE(contains(page.content_security_policy, "unsafe"));
    EXPECT_FALSE(contains(page.body, " style=\""));
    EXPECT_FALSE(contains(page.body, "{{"));
  }
}

// ---- for programs

TEST(AdminJson, IsOneObject) {
  EXPECT_EQ(
      admin_json(values({entry("alice", "aa")})),
      R"({"sessions":[{"session":"aa","current":false,"browser":"Firefox","system":"Linux",)"
      R"("user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",)"
      R"("address":"192.0.2.7","signed_in":"2027-01-15T08:00:00Z",)"
      R"("last_seen":"2027-01-15T08:01:00Z","expires":"2027-01-15T09:00:00Z",)"
      R"("user":"alice","zone":"staff"}],"token":"t0ken","next":null})"
      "\n");
}

TEST(AdminJson, StringsStayStrings) {
  AdminValues v = values();
  v.entries[0].user = "\"},\xff\n";
  v.entries[1].zone = R"(www "Staff")";
  v.next = "a-b";
  const std::string json = admin_json(v);
  EXPECT_TRUE(contains(json, R"("user":"\"},)"
                             "\xef\xbf\xbd"
                             R"(\u000a",)"));
  EXPECT_TRUE(contains(json, R"("zone":"www \"Staff\"")"));
  EXPECT_TRUE(contains(json, "},{"));
  EXPECT_TRUE(contains(json, R"("next":"a-b")"));
}

TEST(AdminJson, SaysThatNoneWasFound) {
  EXPECT_EQ(admin_json(values({})), "{\"sessions\":[],\"token\":\"t0ken\",\"next\":null}\n");
}

}  // namespace
}  // namespace epoch::web
