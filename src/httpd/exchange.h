// A request in the core's words, and what was decided about it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/credentials.h"
#include "core/service.h"
#include "httpd/config.h"
#include "httpd/shared_failures.h"
#include "httpd/space.h"

namespace epoch::httpd {

// What a request presents. Owns the credentials, so it lives only while one hook runs; views point
// into the request.
class Presentation {
 public:
  explicit Presentation(const request_rec* r);

  [[nodiscard]] const std::shared_ptr<const Space>& space() const noexcept { return space_; }
  [[nodiscard]] const core::RequestTraits& traits() const noexcept { return traits_; }
  [[nodiscard]] bool has_credentials() const noexcept { return credentials_.has_value(); }
  [[nodiscard]] core::Presented presented() const noexcept;

 private:
  std::shared_ptr<const Space> space_;
  std::string_view cookie_header_;
  std::optional<core::Credentials> credentials_;
  core::RequestTraits traits_;
};

// The entry that mod_authnz_ldap found for the user, and the AuthLDAPURL it was found by.
struct FoundEntry {
  std::string directory_url;
  std::string dn;
};

// A login that was let on to the provider. Its name is the client's, and its password is not here.
struct Attempt {
  std::string user;
  bool is_limited = false;  // AuthEpochFailedLogins
  LoginName name;
  Turn turn;
  bool succeeded = false;  // the password was right
};

// What was decided about a request, kept in its pool for fixups, filters, sub-requests and internal
// redirects. Holds no credentials.
struct Decided {
  std::shared_ptr<const Space> space;
  core::RequestTraits traits;
  core::Examined examined;
  core::Policy policy;
  int answer = DECLINED;  // what check_authn answered
  bool sends_cookie = false;
  bool opened = false;  // the login, by fixups
  // Where a yes from mod_ldap's cache is not good enough: names the person's answer, so that all
  // requests with the same one share one bind.
  std::optional<core::Hash256> must_ask;
  std::optional<FoundEntry> found;  // by the directory that verified the password
  bool was_refused = false;         // by a directory
  bool directory_failed = false;    // one that was to be asked could not be
  std::optional<Attempt> attempt;
  Seconds wait{};  // with Reason::FailedLogins
};

// What the module remembers of a request. An internal redirect shares its pool with the request it
// came from, but has one of these of its own.
struct Remembered {
  Decided* decided = nullptr;
  // Who the user is, where no provider was asked about this very request.
  const core::Identity* admitted_as = nullptr;
  bool dn_is_given = false;  // mod_authnz_ldap has been told that user's DN
  // The header fields that AuthEpochStrip took out, as they were.
  const char* stripped_cookie = nullptr;
  const char* stripped_authorization = nullptr;
};

// nullptr where there is nothing to remember.
Remembered* remembered_of(const request_rec* r);

// Made on first use.
Remembered& remember(request_rec* r);

// The decision about this very request; nullptr where there is none.
Decided* decided_of(const request_rec* r);

// The request that led to this one by internal redirect, else the main request of a sub-request;
// nullptr for what the client itself asked for.
const request_rec* leading_to(const request_rec* r) noexcept;

// The nearest decision about a request that led to this one, by sub-request or internal redirect.
const Decided* earlier_decision(const request_rec* r);

// The field of the answer that sets a cookie of this name; nullptr where none does.
apr_table_entry_t* find_set_cookie(const request_rec* r, const std::string& name);

// The variable that says what we did with a request; of others it is not set.
inline constexpr const char* kEventVariable = "AUTH_EPOCH_EVENT";

// Whether the answer is for a user's eyes: httpd or we know one.
bool is_protected(const request_rec* r);

// Whether the answer to this request, or to one that led to it, sets our cookie.
bool sends_our_cookie(const request_rec* r);

// Whether this request, or one that led to it, lost its Authorization on the way to the handler: a
// cache can no longer tell that the answer is one user's.
bool authorization_was_stripped(const request_rec* r);

core::TimePoint time_of(const request_rec* r) noexcept;

// What the location asks of the core, its expression evaluated for this request.
core::Policy policy_for(request_rec* r, const DirConfig& config);

}  // namespace epoch::httpd
