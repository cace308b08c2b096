#include "httpd/answers.h"

#include <httpd.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include <algorithm>

#include "httpd/boundary.h"
#include "httpd/process.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::Action;
using core::Reason;

constexpr const char* kRetryAfterSeconds = "5";

constexpr std::string_view kPrefix = "AUTH_EPOCH_";
constexpr const char* kReason = "AUTH_EPOCH_REASON";
constexpr const char* kSession = "AUTH_EPOCH_SESSION";
constexpr const char* kAuthTime = "AUTH_EPOCH_AUTH_TIME";
constexpr const char* kExpires = "AUTH_EPOCH_EXPIRES";

const char* in_pool(apr_pool_t* pool, std::string_view text) {
  return apr_pstrmemdup(pool, text.data(), text.size());
}

const char* public_id_in_pool(apr_pool_t* pool, const core::RecordKey& key) {
  constexpr std::size_t kDigits = 2 * core::kPublicIdBytes;
  auto* const digits = static_cast<char*>(apr_palloc(pool, kDigits + 1));
  core::write_hex(core::Bytes(key.value).first(core::kPublicIdBytes), digits);
  digits[kDigits] = '\0';
  return digits;
}

// What an earlier decision, or the administrator, has put there. Most requests have none, and one
// look at all of them is less than five searches.
void remove_our_variables(apr_table_t* variables) {
  const apr_array_header_t* all = apr_table_elts(variables);
  const auto* const begin = reinterpret_cast<const apr_table_entry_t*>(all->elts);
  const bool has_some =
      std::any_of(begin, begin + all->nelts, [](const apr_table_entry_t& variable) {
        return ap_cstr_casecmpn(variable.key, kPrefix.data(), kPrefix.size()) == 0;
      });
  if (!has_some) return;
  for (const char* name : {kEventVariable, kReason, kSession, kAuthTime, kExpires}) {
    apr_table_unset(variables, name);
  }
}

void challenge(request_rec* r, const char* scheme) {
  const char* realm = ap_auth_name(r);
  apr_table_setn(
      r->err_headers_out, "WWW-Authenticate",
      apr_pstrcat(r->pool, scheme, " realm=\"", realm == nullptr ? "" : realm, "\"", nullptr));
}

// Sends a whole answer from wherever the request is: hooks before the handler, where httpd has not
// inserted the filters yet, and the handler itself.
int send_body(request_rec* r, int status, const std::string& content_type,
              const std::string& body) {
  if (r->main != nullptr) return status;
  const bool in_handler = r->handler != nullptr && r->output_filters != r->proto_output_filters;
  // With the status set, httpd does not invite the body of an `Expect: 100-continue` request.
  r->status = status;
  r->status_line = nullptr;
  if (ap_discard_request_body(r) != OK) r->connection->keepalive = AP_CONN_CLOSE;
  ap_set_content_type(r, in_pool(r->pool, content_type));
  ap_set_content_length(r, static_cast<apr_off_t>(body.size()));
  apr_table_setn(r->err_headers_out, "Cache-Control", "private, no-store");
  apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
  if (!in_handler) ap_run_insert_error_filter(r);
  if (!r->header_only) ap_rwrite(body.data(), static_cast<int>(body.size()), r);
  ap_finalize_request_protocol(r);
  return DONE;
}

// AuthEpochFailedLogins.
int say_when(request_rec* r, const Decided& decided) {
  apr_table_setn(r->err_headers_out, "Retry-After", apr_off_t_toa(r->pool, decided.wait.count()));
  if (r->main != nullptr) return HTTP_TOO_MANY_REQUESTS;
  if (decided.traits.script) {
    return send_problem(r, HTTP_TOO_MANY_REQUESTS, "Too many failed logins",
                        "Too many logins have failed with this name or from this network. Wait "
                        "before you try again.");
  }
  return send_page(
      r, HTTP_TOO_MANY_REQUESTS,
      web::try_later(*server_config_of(r->server).templates,
                     {.nonce = make_nonce(), .realm = decided.space->realm, .wait = decided.wait}));
}

int forbid(request_rec* r, const Decided& decided) {
  const Reason reason = decided.examined.verdict.reason;
  if (reason == Reason::FailedLogins) return say_when(r, decided);
  if (r->main != nullptr || reason == Reason::Speculative) return HTTP_FORBIDDEN;
  if (reason == Reason::CrossSite && decided.traits.navigation) {
    const auto& session = decided.examined.session;
    return send_page(
        r, HTTP_FORBIDDEN,
        web::signed_in_as(*server_config_of(r->server).templates,
                          {.nonce = make_nonce(),
                           .realm = decided.space->realm,
                           .user = session ? session->session->identity.user : std::string(),
                           .return_path = return_path_of(dir_config_of(r))}));
  }
  if (reason == Reason::SessionLimit && !decided.traits.script) {
    return send_page(r, HTTP_FORBIDDEN,
                     web::too_many(*server_config_of(r->server).templates,
                                   {.nonce = make_nonce(),
                                    .realm = decided.space->realm,
                                    .limit = decided.policy.session_limit->most}));
  }
  if (reason == Reason::SessionLimit) {
    return send_problem(r, HTTP_FORBIDDEN, "Too many sessions",
                        "This user is signed in as often as this site allows. Sign out elsewhere "
                        "and try again.");
  }
  if (reason == Reason::FreshLogin) {
    return send_problem(r, HTTP_FORBIDDEN, "A fresh login is needed",
                        "This area asks for the password again. Open one of its pages.");
  }
  if (reason == Reason::CrossSite) {
    return send_problem(r, HTTP_FORBIDDEN, "Started by another site",
                        "Another site started this request with your login, so it was refused.");
  }
  return send_problem(r, HTTP_FORBIDDEN, "Not signed in",
                      "These credentials belong to no live session. Open a page to sign in.");
}

}  // namespace

void send_cookie(request_rec* r, Decided& decided, const std::string& value) {
  if (value.empty()) return;
  const core::CookieAttributes& cookie = decided.space->cookie;
  char* const field = apr_pstrdup(r->pool, core::set_cookie(cookie, value).c_str());
  // An internal redirect is decided anew, and the request that led to it may have been about to set
  // the same cookie. The later one counts, and goes alone.
  if (apr_table_entry_t* const earlier = find_set_cookie(r, cookie.name)) {
    earlier->val = field;
  } else {
    apr_table_addn(r->err_headers_out, "Set-Cookie", field);
  }
  decided.sends_cookie = true;
}

int refuse(request_rec* r, Decided& decided) {
  const Action action = decided.examined.verdict.action;
  if (action == Action::Unavailable) return unavailable(r);
  send_cookie(r, decided, decided.examined.cookie_value);
  if (action == Action::Forbid) return forbid(r, decided);
  if (action == Action::AskEpoch) {
    challenge_with_epoch(r);
    return send_problem(r, HTTP_UNAUTHORIZED, "Not signed in",
                        "The session has ended. Open a page to sign in.");
  }
  if (action == Action::SignInPage && r->main == nullptr) {
    challenge_with_epoch(r);
    return send_page(r, HTTP_UNAUTHORIZED,
                     web::sign_in(*server_config_of(r->server).templates,
                                  {.nonce = make_nonce(),
                                   .realm = decided.space->realm,
                                   .forget_url = ap_escape_uri(r->pool, r->uri)}));
  }
  challenge_with_basic(r);
  return HTTP_UNAUTHORIZED;
}

int unavailable(request_rec* r) {
  apr_table_setn(r->err_headers_out, "Retry-After", kRetryAfterSeconds);
  apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
  return HTTP_SERVICE_UNAVAILABLE;
}

void challenge_with_basic(request_rec* r) { challenge(r, "Basic"); }

void challenge_with_epoch(request_rec* r) { challenge(r, "Epoch"); }

int send_page(request_rec* r, int status, const web::Page& page) {
  apr_table_setn(r->err_headers_out, "Content-Security-Policy",
                 in_pool(r->pool, page.content_security_policy));
  apr_table_setn(r->err_headers_out, "Referrer-Policy", "same-origin");
  return send_body(r, status, page.content_type, page.body);
}

int send_json(request_rec* r, int status, const std::string& json) {
  return send_body(r, status, "application/json", json);
}

int send_problem(request_rec* r, int status, std::string_view title, std::string_view detail) {
  return send_body(r, status, "application/problem+json", web::problem_json(status, title, detail));
}

int send_redirect(request_rec* r, std::string_view path) {
  apr_table_setn(r->err_headers_out, "Location", in_pool(r->pool, path));
  return send_body(r, HTTP_SEE_OTHER, "text/plain; charset=utf-8", std::string());
}

std::string make_nonce() {
  std::array<std::uint8_t, 16> bytes;
  store::SystemEntropy().fill(bytes);
  return core::base64url_encode(bytes);
}

void set_environment(request_rec* r, const Decided& decided) {
  apr_table_t* const variables = r->subprocess_env;
  remove_our_variables(variables);
  const auto add = [variables](const char* name, const char* value) {
    apr_table_addn(variables, name, value);
  };
  const core::Verdict& verdict = decided.examined.verdict;
  add(kEventVariable, core::to_string(verdict.action).data());
  if (verdict.reason != Reason::None) add(kReason, core::to_string(verdict.reason).data());
  if (!decided.examined.session) return;
  const core::NamedSession& named = *decided.examined.session;
  add(kSession, public_id_in_pool(r->pool, named.key));
  const auto in_seconds = [r](core::TimePoint time) {
    return apr_off_t_toa(r->pool, time.time_since_epoch().count());
  };
  add(kAuthTime, in_seconds(named.session->authenticated));
  add(kExpires, in_seconds(named.session->expires));
}

}  // namespace epoch::httpd
