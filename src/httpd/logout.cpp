// The handler auth-epoch-logout: who may ask, what ends, what is answered.
#include <httpd.h>

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "core/return_path.h"
#include "httpd/answers.h"
#include "httpd/boundary.h"
#include "httpd/exchange.h"
#include "httpd/form.h"
#include "httpd/handlers.h"
#include "httpd/happenings.h"
#include "httpd/process.h"
#include "httpd/signed_out.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::LogoutScope;

std::optional<LogoutScope> scope_of(const Fields& parameters) {
  const std::string* const named = find_field(parameters, "scope");
  const std::string_view scope = named == nullptr ? "" : std::string_view(*named);
  if (scope.empty() || scope == "this") return LogoutScope::ThisBrowser;
  if (scope == "others") return LogoutScope::OtherBrowsers;
  if (scope == "all") return LogoutScope::AllBrowsers;
  return std::nullopt;
}

// Where the answer leads: the request's own return path if it is a safe one, else the
// configuration's.
std::string return_path_for(const Fields& parameters, const DirConfig& config) {
  if (const std::string* const path = find_field(parameters, "return")) {
    if (std::optional<std::string> safe = core::safe_return_path(*path)) {
      return *std::move(safe);
    }
  }
  return logout_path_of(config);
}

int ask_for_confirmation(request_rec* r, const Decided& decided, const Fields& parameters,
                         const std::string& return_path) {
  const std::string* const scope = find_field(parameters, "scope");
  return send_page(r, HTTP_OK,
                   web::confirm(*server_config_of(r->server).templates,
                                {.nonce = make_nonce(),
                                 .realm = decided.space->realm,
                                 .action = ap_escape_uri(r->pool, r->uri),
                                 .return_path = return_path,
                                 .scope = scope == nullptr ? "" : *scope}));
}

int wrong_method(request_rec* r, bool get_is_off) {
  // httpd writes the Allow field of a 405 itself, from these.
  ap_allow_standard_methods(r, REPLACE_ALLOW, M_POST, get_is_off ? -1 : M_GET, -1);
  return HTTP_METHOD_NOT_ALLOWED;
}

int log_out(request_rec* r, const DirConfig& config, const Presentation& presentation,
            Decided& decided, LogoutScope scope, const std::string& return_path) {
  Child& child = *process_of(r->server).child;
  core::Result<core::LoggedOut> done = child.service().logout(
      presentation.presented(),
      {.scope = scope,
       .answered_by_challenge = logout_response_of(config) == LogoutResponse::Challenge},
      limits_of(config), time_of(r));
  child.note_store_answer(r, StoreUse::Writing, done ? std::string() : done.error().detail);
  if (!done) return unavailable(r);
  log_logout(r, *done);
  note_logout(r, decided, scope, *done);
  return answer_logout(r, decided, logout_response_of(config), return_path, *done);
}

// A page of ours makes the browser forget its credentials, here or at any other URL of the zone.
int forget(request_rec* r, const DirConfig& config, const Presentation& presentation,
           Decided& decided) {
  Child& child = *process_of(r->server).child;
  decided.examined =
      child.service().examine(presentation.presented(), policy_for(r, config), time_of(r));
  child.note_store_answer(r, StoreUse::Reading, decided.examined.store_error);
  note_over(r, decided.examined.found_over);
  return refuse(r, decided);
}

bool may_log_out_by_get(const core::RequestTraits& traits, LogoutGet policy) noexcept {
  return policy == LogoutGet::SameOrigin && traits.navigation &&
         (traits.same_origin || traits.typed) && !traits.speculative;
}

}  // namespace

int serve_logout(request_rec* r) {
  const DirConfig& config = dir_config_of(r);
  if (mode_of(config) == Mode::Off || ap_auth_name(r) == nullptr) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "the logout URL %s must stand where AuthEpoch is On and AuthName is set: inside "
                  "the section whose sessions it ends",
                  r->uri);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (process_of(r->server).child == nullptr) return unavailable(r);

  const Presentation presentation(r);
  const core::RequestTraits& traits = presentation.traits();
  auto* decided = make_in_pool<Decided>(r->pool);
  decided->space = presentation.space();
  decided->traits = traits;
  remember(r).decided = decided;
  if (traits.forget) return forget(r, config, presentation, *decided);

  const bool post = r->method_number == M_POST;
  const LogoutGet get_policy = logout_get_of(config);
  if (!post && (r->method_number != M_GET || get_policy == LogoutGet::Off)) {
    return wrong_method(r, get_policy == LogoutGet::Off);
  }
  if (post && !traits.same_origin) {
    return send_problem(r, HTTP_FORBIDDEN, "Not signed out",
                        "A logout must be asked for by a page of this site (Sec-Fetch-Site, Origin "
                        "or Referer did not show one).");
  }

  Fields parameters = read_query(r);
  if (post) {
    const int status = read_form(r, parameters);
    if (status != OK) return status;
  }
  const std::optional<LogoutScope> scope = scope_of(parameters);
  if (!scope) {
    return send_problem(r, HTTP_BAD_REQUEST, "Unknown scope",
                        "The parameter scope takes `this`, `others` or `all`.");
  }
  const std::string return_path = return_path_for(parameters, config);
  if (!post && !may_log_out_by_get(traits, get_policy)) {
    return ask_for_confirmation(r, *decided, parameters, return_path);
  }
  return log_out(r, config, presentation, *decided, *scope, return_path);
}

}  // namespace epoch::httpd
