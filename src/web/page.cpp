#include "web/page.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "web/embedded_pages.h"
#include "web/escape.h"
#include "web/url.h"

namespace epoch::web {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kSignedOutPlaceholders = {"nonce"sv, "style"sv,       "forget_script"sv,
                                               "realm"sv, "return_path"sv, "forget_url"sv};
constexpr std::array kSignInPlaceholders = {"nonce"sv, "style"sv, "forget_script"sv, "realm"sv,
                                            "forget_url"sv};
constexpr std::array kConfirmPlaceholders = {"nonce"sv,  "style"sv,       "realm"sv,
                                             "action"sv, "return_path"sv, "everywhere"sv,
                                             "others"sv, "here"sv};
constexpr std::array kSignedInAsPlaceholders = {"nonce"sv, "style"sv, "realm"sv, "user"sv,
                                                "return_path"sv};
constexpr std::array kTooManyPlaceholders = {"nonce"sv, "style"sv, "realm"sv, "limit"sv, "one"sv};
constexpr std::array kTryLaterPlaceholders = {"nonce"sv, "style"sv, "realm"sv, "seconds"sv,
                                              "minutes"sv};
constexpr std::array kSessionsPlaceholders = {
    "nonce"sv,  "style"sv,        "times_script"sv, "realm"sv,       "user"sv,      "return_path"sv,
    "action"sv, "token"sv,        "entries"sv,      "others"sv,      "next_url"sv,  "first_url"sv,
    "ended"sv,  "others_ended"sv, "was_over"sv,     "out_of_date"sv, "no_session"sv};
constexpr std::array kSessionEntryPlaceholders = {
    "action"sv,    "token"sv,           "session"sv,    "current"sv,
    "browser"sv,   "unknown_browser"sv, "user_agent"sv, "address"sv,
    "signed_in"sv, "signed_in_text"sv,  "last_seen"sv,  "last_seen_text"sv};

constexpr std::array kAdminPlaceholders = {"nonce"sv,      "style"sv,          "times_script"sv,
                                           "realm"sv,      "return_path"sv,    "action"sv,
                                           "entries"sv,    "user"sv,           "zone"sv,
                                           "address"sv,    "hours"sv,          "next_url"sv,
                                           "first_url"sv,  "everything_url"sv, "ended"sv,
                                           "user_ended"sv, "zone_ended"sv,     "everything_ended"sv,
                                           "was_over"sv,   "out_of_date"sv};
constexpr std::array kAdminEntryPlaceholders = {
    "session"sv, "current"sv,   "browser"sv,        "unknown_browser"sv, "user_agent"sv,
    "address"sv, "signed_in"sv, "signed_in_text"sv, "last_seen"sv,       "last_seen_text"sv,
    "user"sv,    "zone"sv,      "end_url"sv,        "end_user_url"sv,    "end_zone_url"sv};
constexpr std::array kAdminConfirmPlaceholders = {"nonce"sv,        "style"sv,
                                                  "times_script"sv, "realm"sv,
                                                  "action"sv,       "token"sv,
                                                  "session"sv,      "current"sv,
                                                  "browser"sv,      "unknown_browser"sv,
                                                  "user_agent"sv,   "address"sv,
                                                  "signed_in"sv,    "signed_in_text"sv,
                                                  "last_seen"sv,    "last_seen_text"sv,
                                                  "user"sv,         "zone"sv,
                                                  "one"sv,          "all_of_user"sv,
                                                  "all_of_zone"sv,  "everything"sv,
                                                  "spares_own"sv,   "no_reason"sv};

struct Description {
  std::string_view name;  // as AuthEpochPage and the files of src/web/pages spell it
  std::span<const std::string_view> placeholders;
};

// In the order of PageKind.
constexpr std::array<Description, kPageKinds> kDescriptions = {{
    {"signed-out", kSignedOutPlaceholders},
    {"sign-in", kSignInPlaceholders},
    {"confirm", kConfirmPlaceholders},
    {"signed-in-as", kSignedInAsPlaceholders},
    {"signed-out-here", kSignedOutPlaceholders},
    {"too-many", kTooManyPlaceholders},
    {"try-later", kTryLaterPlaceholders},
    {"sessions", kSessionsPlaceholders},
    {"session-entry", kSessionEntryPlaceholders},
    {"admin", kAdminPlaceholders},
    {"admin-entry", kAdminEntryPlaceholders},
    {"admin-confirm", kAdminConfirmPlaceholders},
}};

constexpr std::size_t index_of(PageKind kind) noexcept { return static_cast<std::size_t>(kind); }

core::Error malformed(std::string detail) {
  return {core::ErrorCode::Malformed, std::move(detail)};
}

std::string page_names() {
  std::string names;
  for (const Description& page : kDescriptions) {
    if (!names.empty()) names += ", ";
    names += page.name;
  }
  return names;
}

// The sign-in page may also load an image of this origin: without scripts, that is what makes the
// browser ask for the password.
std::string content_security_policy(PageKind kind, std::string_view nonce) {
  const std::string source = "'nonce-" + std::string(nonce) + "'";
  std::string policy =
      "default-src 'none'; style-src " + source + "; script-src " + source + "; connect-src 'self'";
  if (kind == PageKind::SignIn) policy += "; img-src 'self'";
  return policy += "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}

Page make_signed_out(const PageTemplates& templates, PageKind kind, const SignedOutValues& values) {
  return make_page(templates, kind, values.nonce,
                   {{"realm", values.realm},
                    {"return_path", values.return_path},
                    {"forget_url", values.forget_url}});
}

}  // namespace

PageTemplates::PageTemplates() {
  for (const Description& page : kDescriptions) {
    // A built-in template with a mistake is a bug, and value() throws.
    replace(page.name, embedded_file(std::string(page.name) + ".html")).value();
  }
}

core::Result<core::Done> PageTemplates::replace(std::string_view name, std::string_view text) {
  const auto page = std::find_if(kDescriptions.begin(), kDescriptions.end(),
                                 [&](const Description& each) { return each.name == name; });
  if (page == kDescriptions.end()) {
    return malformed("there is no page `" + std::string(name) + "`; the pages are " + page_names());
  }
  if (text.empty()) {
    return malformed("the template of the page " + std::string(name) + " is empty");
  }
  core::Result<Template> parsed = Template::parse(text, page->placeholders);
  if (!parsed) {
    return malformed("the template of the page " + std::string(name) + ", " +
                     parsed.error().detail);
  }
  templates_[static_cast<std::size_t>(page - kDescriptions.begin())] = *std::move(parsed);
  return core::Done{};
}

const Template& PageTemplates::of(PageKind kind) const noexcept {
  return templates_[index_of(kind)];
}

Page make_page(const PageTemplates& templates, PageKind kind, std::string_view nonce,
               std::vector<Value> values) {
  values.push_back({"nonce", nonce});
  values.push_back({"style", embedded_file("style.css"), Trust::Markup});
  values.push_back({"forget_script", embedded_file("forget.js"), Trust::Markup});
  values.push_back({"times_script", embedded_file("times.js"), Trust::Markup});
  return {.content_type = "text/html; charset=utf-8",
          .body = templates.of(kind).render(values),
          .content_security_policy = content_security_policy(kind, nonce)};
}

Page signed_out(const PageTemplates& templates, const SignedOutValues& values) {
  return make_signed_out(templates, PageKind::SignedOut, values);
}

Page sign_in(const PageTemplates& templates, const SignInValues& values) {
  return make_page(templates, PageKind::SignIn, values.nonce,
                   {{"realm", values.realm}, {"forget_url", values.forget_url}});
}

Page confirm(const PageTemplates& templates, const ConfirmValues& values) {
  const std::string action =
      Url(values.action).add("return", values.return_path).add("scope", values.scope).text();
  const bool everywhere = values.scope == "all";
  const bool others = values.scope == "others";
  return make_page(templates, PageKind::Confirm, values.nonce,
                   {{"realm", values.realm},
                    {"action", action},
                    {"return_path", values.return_path},
                    {"everywhere", everywhere ? "yes" : ""},
                    {"others", others ? "yes" : ""},
                    {"here", everywhere || others ? "" : "yes"}});
}

Page signed_in_as(const PageTemplates& templates, const SignedInAsValues& values) {
  return make_page(
      templates, PageKind::SignedInAs, values.nonce,
      {{"realm", values.realm}, {"user", values.user}, {"return_path", values.return_path}});
}

Page signed_out_here(const PageTemplates& templates, const SignedOutValues& values) {
  return make_signed_out(templates, PageKind::SignedOutHere, values);
}

Page too_many(const PageTemplates& templates, const TooManyValues& values) {
  const std::string limit = std::to_string(values.limit);
  return make_page(
      templates, PageKind::TooMany, values.nonce,
      {{"realm", values.realm}, {"limit", limit}, {"one", values.limit == 1 ? "yes" : ""}});
}

Page try_later(const PageTemplates& templates, const TryLaterValues& values) {
  constexpr std::int64_t kLongestInSeconds = 90;
  const std::int64_t wait = std::max<std::int64_t>(values.wait.count(), 2);  // never "1 seconds"
  const bool short_wait = wait <= kLongestInSeconds;
  const std::string seconds = short_wait ? std::to_string(wait) : "";
  const std::string minutes = short_wait ? "" : std::to_string((wait + 59) / 60);
  return make_page(templates, PageKind::TryLater, values.nonce,
                   {{"realm", values.realm}, {"seconds", seconds}, {"minutes", minutes}});
}

std::string problem_json(int status, std::string_view title, std::string_view detail) {
  return "{\"type\":\"about:blank\",\"title\":" + json_string(title) +
         ",\"status\":" + std::to_string(status) + ",\"detail\":" + json_string(detail) + "}\n";
}

}  // namespace epoch::web
