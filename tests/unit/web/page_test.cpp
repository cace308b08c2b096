#include "web/page.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "web/embedded_pages.h"
#include "web/page_testing.h"
#include "web/sessions_page.h"

namespace epoch::web {
namespace {

Page signed_out_page(std::string_view realm = "Demo", std::string_view return_path = "/app/") {
  return signed_out(
      {}, {.nonce = kNonce, .realm = realm, .return_path = return_path, .forget_url = "/app/"});
}

Page sign_in_page() {
  return sign_in({}, {.nonce = kNonce, .realm = "Demo", .forget_url = "/app/"});
}

Page confirm_page(std::string_view scope = "", std::string_view return_path = "/app/") {
  return confirm({}, {.nonce = kNonce,
                      .realm = "Demo",
                      .action = "/logout",
                      .return_path = return_path,
                      .scope = scope});
}

Page signed_in_as_page(std::string_view user) {
  return signed_in_as({}, {.nonce = kNonce, .realm = "Demo", .user = user, .return_path = "/app/"});
}

Page signed_out_here_page() {
  return signed_out_here(
      {}, {.nonce = kNonce, .realm = "Demo", .return_path = "/app/", .forget_url = "/app/"});
}

Page page_of_sessions() {
  return sessions_page({}, {.nonce = kNonce,
                            .realm = "Demo",
                            .user = "alice",
                            .return_path = "/app/",
                            .entries = {SessionEntry(), SessionEntry()},
                            .form = {.action = "/sessions", .token = "token"},
                            .next = "next",
                            .status = SessionsStatus::Ended});
}

Page try_later_page(int seconds, std::string_view realm = "Demo") {
  return try_later({}, {.nonce = kNonce, .realm = realm, .wait = std::chrono::seconds(seconds)});
}

Page too_many_page() { return too_many({}, {.nonce = kNonce, .realm = "Demo", .limit = 2}); }

std::vector<Page> all_pages() {
  return {signed_out_page(),      sign_in_page(),     confirm_page(),  signed_in_as_page("alice"),
          signed_out_here_page(), page_of_sessions(), too_many_page(), try_later_page(90)};
}

TEST(Page, UserNameCannotBringMarkupIntoThePage) {
  const Page page = signed_in_as_page("<script>alert('1')</script>&\"");
  EXPECT_FALSE(contains(page.body, "<script>alert"));
  EXPECT_TRUE(contains(page.body, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
}

TEST(Page, RealmWithAmpersandAndQuotesIsShownAsItIs) {
  const Page page = signed_out_page("R&D \"beta\" <x>");
  EXPECT_TRUE(contains(page.body, "R&amp;D &quot;beta&quot; &lt;x&gt;"));
  EXPECT_FALSE(contains(page.body, "R&D"));
}

TEST(Page, ValueThatLooksLikeAPlaceholderIsNotReplaced) {
  EXPECT_TRUE(contains(signed_out_page("{{return_path}}").body, "<bdi>{{return_path}}</bdi>"));
}

TEST(Page, ReturnPathCannotLeaveItsAttribute) {
  const Page page = signed_out_page("Demo", "/a\" onclick=\"x");
  EXPECT_TRUE(contains(page.body, "href=\"/a&quot; onclick=&quot;x\""));
}

TEST(Page, SecurityPolicyNamesTheNonceAndNothingUnsafe) {
  for (const Page& page : all_pages()) {
    const std::string& policy = page.content_security_policy;
    EXPECT_TRUE(policy.starts_with("default-src 'none'; ")) << policy;
    EXPECT_TRUE(contains(policy, "style-src 'nonce-r4nd0m-Nonce_';")) << policy;
    EXPECT_TRUE(contains(policy, "script-src 'nonce-r4nd0m-Nonce_';")) << policy;
    EXPECT_TRUE(contains(policy, "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
    EXPECT_FALSE(contains(policy, "unsafe")) << policy;
  }
}

TEST(Page, OnlyTheSignInPageMayLoadAnImage) {
  EXPECT_TRUE(contains(sign_in_page().content_security_policy, "img-src 'self'"));
  EXPECT_FALSE(contains(signed_out_page().content_security_policy, "img-src"));
  EXPECT_FALSE(contains(confirm_page().content_security_policy, "img-src"));
}

TEST(Page, EveryStyleAndScriptCarriesTheNonceAndNothingIsInlineElsewhere) {
  for (const Page& page : all_pages()) {
    const std::size_t scripts = count(page.body, "<script");
    const std::size_t styles = count(page.body, "<style");
    EXPECT_EQ(count(page.body, "<script nonce=\"r4nd0m-Nonce_\""), scripts);
    EXPECT_EQ(count(page.body, "<style nonce=\"r4nd0m-Nonce_\">"), styles);
    EXPECT_EQ(styles, 1U);
    EXPECT_EQ(count(page.body, " style=") + count(page.body, " onclick="), 0U);
    EXPECT_EQ(count(page.body, "http:") + count(page.body, "https:"), 0U);
  }
}

TEST(Page, EveryPageHasItsLanguageTitleHeadingAndIsLeftOutOfSearchEngines) {
  for (const Page& page : all_pages()) {
    EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
    EXPECT_TRUE(page.body.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    EXPECT_EQ(count(page.body, "<h1>"), 1U);
    EXPECT_EQ(count(page.body, "<main>"), 1U);
    EXPECT_TRUE(contains(page.body, "– Demo</title>"));
    EXPECT_TRUE(contains(page.body, "name=\"robots\" content=\"noindex\""));
    EXPECT_TRUE(contains(page.body, "name=\"referrer\" content=\"same-origin\""));
    EXPECT_TRUE(contains(page.body, "name=\"viewport\""));
  }
}

TEST(Page, NoPlaceholderIsLeftOver) {
  for (const Page& page : all_pages()) EXPECT_FALSE(contains(page.body, "{{"));
}

TEST(Page, SignedOutPageForgetsAndLinksBack) {
  const Page page = signed_out_page("Demo", "/app/?a=1&b=2");
  EXPECT_TRUE(contains(page.body, "data-forget-url=\"/app/\""));
  EXPECT_TRUE(contains(page.body, "'AuthEpoch', 'forget'"));
  EXPECT_TRUE(contains(page.body, "href=\"/app/?a=1&amp;b=2\""));
  EXPECT_FALSE(contains(page.body, "data-then=\"reload\""));
}

TEST(Page, SignInPageReloadsAndHasAWayWithoutScripts) {
  const Page page = sign_in_page();
  EXPECT_TRUE(contains(page.body, "data-forget-url=\"/app/\" data-then=\"reload\""));
  EXPECT_TRUE(contains(page.body, "<noscript>"));
  EXPECT_TRUE(contains(page.body, "<img src=\"/app/\""));
}

TEST(Page, ConfirmPagePostsToTheLogoutUrlAndRunsNoScript) {
  const Page page = confirm_page("", "/app/?a=1&b=2");
  EXPECT_TRUE(contains(page.body,
                       "<form method=\"post\" "
                       "action=\"/logout?return=%2Fapp%2F%3Fa%3D1%26b%3D2\">"));
  EXPECT_TRUE(contains(page.body, "href=\"/app/?a=1&amp;b=2\""));
  EXPECT_FALSE(contains(page.body, "<script"));
}

TEST(Page, ConfirmPageSaysWhoseSessionsItWouldEnd) {
  EXPECT_TRUE(contains(confirm_page().body, "<h1>Sign out?</h1>"));
  const Page all = confirm_page("all");
  EXPECT_TRUE(contains(all.body, "<h1>Sign out everywhere?</h1>"));
  EXPECT_TRUE(contains(all.body, "&amp;scope=all\""));
  const Page others = confirm_page("others");
  EXPECT_TRUE(contains(others.body, "<h1>Sign out your other browsers?</h1>"));
  EXPECT_TRUE(contains(others.body, "&amp;scope=others\""));
}

TEST(Page, SignedInAsPageNamesTheUserOnlyWhereThereIsASession) {
  EXPECT_TRUE(contains(signed_in_as_page("alice").body, "<bdi>alice</bdi>"));
  const Page nobody = signed_in_as_page("");
  EXPECT_TRUE(contains(nobody.body, "it may not have been your will"));
  EXPECT_FALSE(contains(nobody.body, "signed in as"));
}

TEST(Page, TryLaterPageSaysWhenInWordsForPeople) {
  EXPECT_TRUE(contains(try_later_page(1).body, "Try again in 2 seconds."));
  EXPECT_TRUE(contains(try_later_page(90).body, "Try again in 90 seconds."));
  EXPECT_TRUE(contains(try_later_page(91).body, "Try again in 2 minutes."));
  EXPECT_TRUE(contains(try_later_page(900).body, "Try again in 15 minutes."));
  EXPECT_FALSE(contains(try_later_page(900).body, "seconds"));
  EXPECT_TRUE(contains(try_later_page(1, "A&B").body, "<bdi>A&amp;B</bdi>"));
}

TEST(Page, EmbeddedScriptAndStyleCannotEndTheirElement) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name.ends_with(".html")) continue;
    ASSERT_FALSE(file.content.empty()) << file.name;
    EXPECT_FALSE(contains(file.content, "</script")) << file.name;
    EXPECT_FALSE(contains(file.content, "</style")) << file.name;
    EXPECT_FALSE(contains(file.content, "<!--")) << file.name;
  }
}

TEST(PageTemplates, AdministratorsTemplateReplacesOnePageOnly) {
  PageTemplates templates;
  ASSERT_TRUE(templates.replace("signed-out", "<p>Tschüss, {{realm}}</p>").ok());
  const Page replaced = signed_out(
      templates, {.nonce = kNonce, .realm = "A&B", .return_path = "/", .forget_url = "/"});
  EXPECT_EQ(replaced.body, "<p>Tschüss, A&amp;B</p>");
  const Page other = sign_in(templates, {.nonce = kNonce, .realm = "A&B", .forget_url = "/"});
  EXPECT_TRUE(contains(other.body, "Please sign in"));
}

std::string refusal_of(std::string_view name, std::string_view text) {
  PageTemplates templates;
  const core::Result<core::Done> done = templates.replace(name, text);
  return done ? "accepted" : done.error().detail;
}

TEST(PageTemplates, UnknownPlaceholderIsRefusedWithPageLineAndWhatIsAccepted) {
  EXPECT_EQ(refusal_of("sign-in", "<p>\nHello {{user}}"),
            "the template of the page sign-in, line 2: {{user}} is not known in this page; known "
            "are {{nonce}}, {{style}}, {{forget_script}}, {{realm}}, {{forget_url}}");
}

TEST(PageTemplates, UnclosedPlaceholderIsRefused) {
  EXPECT_EQ(refusal_of("signed-out", "a\nb\n{{realm\n}}"),
            "the template of the page signed-out, line 3: a placeholder begins with {{ and has no "
            "}} on the same line");
}

TEST(PageTemplates, UnknownPageIsRefusedWithTheNamesThereAre) {
  EXPECT_EQ(refusal_of("goodbye", "x"),
            "there is no page `goodbye`; the pages are signed-out, sign-in, confirm, signed-in-as, "
            "signed-out-here, too-many, try-later, sessions, session-entry, admin, admin-entry, "
            "admin-confirm");
}

TEST(PageTemplates, EmptyTemplateIsRefused) {
  EXPECT_EQ(refusal_of("confirm", ""), "the template of the page confirm is empty");
}

TEST(PageTemplates, RefusedTemplateLeavesTheOneInForce) {
  PageTemplates templates;
  ASSERT_FALSE(templates.replace("sign-in", "{{nothing}}").ok());
  const Page page = sign_in(templates, {.nonce = kNonce, .realm = "Demo", .forget_url = "/"});
  EXPECT_TRUE(contains(page.body, "Please sign in"));
}

TEST(ProblemJson, HasTheMembersOfRfc9457) {
  EXPECT_EQ(problem_json(403, "Forbidden", "A script may not sign in."),
            "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,"
            "\"detail\":\"A script may not sign in.\"}\n");
}

}  // namespace
}  // namespace epoch::web
