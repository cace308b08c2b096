// The pages people see: signed out, sign in, and what stands between. Plain values in, text out.
#pragma once

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "web/template.h"

namespace epoch::web {

// What to send. The status, and whether WWW-Authenticate goes with it, is the caller's affair.
struct Page {
  std::string content_type;
  std::string body;
  std::string content_security_policy;  // must go along: it names the nonce that the body uses
};

// SessionEntry is one entry of the page Sessions, AdminEntry of Admin.
enum class PageKind {
  SignedOut,
  SignIn,
  Confirm,
  SignedInAs,
  SignedOutHere,
  TooMany,
  TryLater,
  Sessions,
  SessionEntry,
  Admin,
  AdminEntry,
  AdminConfirm
};
inline constexpr std::size_t kPageKinds = 12;

// The templates: ours, any of which the administrator may have replaced (AuthEpochPage). Immutable
// once the configuration is read, and then usable by any thread.
class PageTemplates {
 public:
  // The built-in ones.
  PageTemplates();

  // `name` is signed-out, sign-in and so on, as the files of src/web/pages are named. Malformed: no
  // such page, or a mistake in the template; the detail says which page, which line and what is
  // accepted, and the template that was in force stays.
  core::Result<core::Done> replace(std::string_view name, std::string_view text);

  [[nodiscard]] const Template& of(PageKind kind) const noexcept;

 private:
  std::array<Template, kPageKinds> templates_;
};

// The page of this kind with these values; style sheet, scripts and nonce are added.
Page make_page(const PageTemplates& templates, PageKind kind, std::string_view nonce,
               std::vector<Value> values);

// What all of the values below have in common:
//   nonce        fresh random bytes for each answer, in base64url
//   realm        AuthName
//   return_path  a path of this origin that safe_return_path() accepted
//   forget_url   a URL of this origin inside the zone that answers a GET without credentials 401
//                Basic, with the zone's realm: the request's own, or any protected one
// None of them needs escaping beforehand.

// After a logout.
struct SignedOutValues {
  std::string_view nonce;
  std::string_view realm;
  std::string_view return_path;
  std::string_view forget_url;
};
Page signed_out(const PageTemplates& templates, const SignedOutValues& values);

// For a navigation with an ended session: makes the browser forget, then reloads itself, which the
// browser answers with one prompt. Reloads once; where that led straight back, a person has to ask.
struct SignInValues {
  std::string_view nonce;
  std::string_view realm;
  std::string_view forget_url;
};
Page sign_in(const PageTemplates& templates, const SignInValues& values);

// For a GET of the logout URL that may not have been a person's will.
struct ConfirmValues {
  std::string_view nonce;
  std::string_view realm;
  std::string_view action;       // path of the logout URL, without a query
  std::string_view return_path;  // passed on as ?return=, and where "Stay signed in" leads
  std::string_view scope;        // "", "all" or "others"; passed on as ?scope=
};
Page confirm(const PageTemplates& templates, const ConfirmValues& values);

// With a 403: another site's request came with credentials that are not the session's.
struct SignedInAsValues {
  std::string_view nonce;
  std::string_view realm;
  std::string_view user;  // whose session it is; empty: there is none
  std::string_view return_path;
};
Page signed_in_as(const PageTemplates& templates, const SignedInAsValues& values);

// After a logout with scope=all or scope=others that came without a live session: whose others?
Page signed_out_here(const PageTemplates& templates, const SignedOutValues& values);

// With a 403: AuthEpochMaxSessions denies the login.
struct TooManyValues {
  std::string_view nonce;
  std::string_view realm;
  std::size_t limit;
};
Page too_many(const PageTemplates& templates, const TooManyValues& values);

// With a 429: AuthEpochFailedLogins makes the login wait.
struct TryLaterValues {
  std::string_view nonce;
  std::string_view realm;
  std::chrono::seconds wait;
};
Page try_later(const PageTemplates& templates, const TryLaterValues& values);

// The body of an answer to a script (RFC 9457).
inline constexpr std::string_view kProblemJsonType = "application/problem+json";
std::string problem_json(int status, std::string_view title, std::string_view detail);

}  // namespace epoch::web
