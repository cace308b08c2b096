// The handler auth-epoch-logout: who may ask, what ends, what is answered.
#include <httpd.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_script.h>

#include "core/origin.h"
#include "core/return_path.h"
#include "core/text.h"
#include "httpd/answers.h"
#include "httpd/boundary.h"
#include "httpd/exchange.h"
#include "httpd/happenings.h"
#include "httpd/process.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::LogoutScope;

constexpr apr_size_t kLongestForm = 8192;
constexpr apr_size_t kMostFields = 16;

// `?scope=` and `?return=`, from the URL and, over it, from a form.
struct Parameters {
  std::optional<std::string> scope;
  std::optional<std::string> return_path;
};

void read_query(request_rec* r, Parameters& parameters) {
  apr_table_t* query = nullptr;
  ap_args_to_table(r, &query);
  if (const char* scope = apr_table_get(query, "scope")) parameters.scope = scope;
  if (const char* path = apr_table_get(query, "return")) parameters.return_path = path;
}

std::string value_of(const ap_form_pair_t& pair) {
  apr_off_t length = 0;
  apr_brigade_length(pair.value, 1, &length);
  std::string value(static_cast<std::size_t>(length), '\0');
  auto size = static_cast<apr_size_t>(length);
  apr_brigade_flatten(pair.value, value.data(), &size);
  value.resize(size);
  return value;
}

// httpd would discard a body of another type without a word, and `scope=all` with it.
bool has_body_of_another_type(const request_rec* r) {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  const char* length = apr_table_get(r->headers_in, "Content-Length");
  const bool has_body = apr_table_get(r->headers_in, "Transfer-Encoding") != nullptr ||
                        (length != nullptr && std::string_view(length) != "0");
  const char* type = apr_table_get(r->headers_in, "Content-Type");
  std::string_view name = type == nullptr ? "" : type;
  return has_body && !core::equals_ignoring_case(core::next_piece(name, ';'), kForm);
}

// Returns OK, or the status that the form is refused with.
int read_form(request_rec* r, Parameters& parameters) {
  if (has_body_of_another_type(r)) {
    return send_problem(r, HTTP_UNSUPPORTED_MEDIA_TYPE, "Not signed out",
                        "Send the parameters in the URL or as a form "
                        "(application/x-www-form-urlencoded).");
  }
  apr_array_header_t* pairs = nullptr;
  const int status = ap_parse_form_data(r, nullptr, &pairs, kMostFields, kLongestForm);
  if (status != OK || pairs == nullptr) return status;
  while (ap_form_pair_t* const pair = static_cast<ap_form_pair_t*>(apr_array_pop(pairs))) {
    if (std::string_view(pair->name) == "scope") parameters.scope = value_of(*pair);
    if (std::string_view(pair->name) == "return") parameters.return_path = value_of(*pair);
  }
  return OK;
}

std::optional<LogoutScope> scope_of(const Parameters& parameters) {
  const std::string_view scope = parameters.scope ? std::string_view(*parameters.scope) : "";
  if (scope.empty() || scope == "this") return LogoutScope::ThisBrowser;
  if (scope == "others") return LogoutScope::OtherBrowsers;
  if (scope == "all") return LogoutScope::AllBrowsers;
  return std::nullopt;
}

// Where the answer leads: the request's own return path if it is a safe one, else the
// configuration's.
std::string return_path_for(const Parameters& parameters, const DirConfig& config) {
  if (parameters.return_path) {
    if (std::optional<std::string> safe = core::safe_return_path(*parameters.return_path)) {
      return *std::move(safe);
    }
  }
  if (logout_response_of(config) == LogoutResponse::Redirect && config.logout_redirect) {
    return std::string(*config.logout_redirect);
  }
  return std::string(return_path_of(config));
}

bool is_localhost(std::string_view origin) noexcept {
  const std::string_view host = core::authority_of(origin);
  return host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
}

void clear_site_data(request_rec* r, const DirConfig& config, const Decided& decided) {
  const std::string_view types = clear_site_data_of(config);
  const std::string& origin = decided.space.origin;
  if (types.empty() || !(core::is_https(origin) || is_localhost(origin))) return;
  apr_table_setn(r->err_headers_out, "Clear-Site-Data",
                 apr_pstrmemdup(r->pool, types.data(), types.size()));
}

int ask_for_confirmation(request_rec* r, const Decided& decided, const Parameters& parameters,
                         const std::string& return_path) {
  return send_page(r, HTTP_OK,
                   web::confirm(*server_config_of(r->server).templates,
                                {.nonce = make_nonce(),
                                 .realm = decided.space.realm,
                                 .action = ap_escape_uri(r->pool, r->uri),
                                 .return_path = return_path,
                                 .scope = parameters.scope.value_or("")}));
}

int wrong_method(request_rec* r, bool get_is_off) {
  // httpd writes the Allow field of a 405 itself, from these.
  ap_allow_standard_methods(r, REPLACE_ALLOW, M_POST, get_is_off ? -1 : M_GET, -1);
  return HTTP_METHOD_NOT_ALLOWED;
}

void log_logout(request_rec* r, const core::LoggedOut& done) {
  const char* user = done.session ? done.session->session.identity.user.c_str() : "(unknown)";
  for (const core::RecordKey& key : done.ended) {
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "session %s of user %s ended: logged out",
                  core::short_id(key).c_str(), user);
  }
}

int answer_logout(request_rec* r, const DirConfig& config, Decided& decided,
                  const std::string& return_path, const core::LoggedOut& done) {
  const web::PageTemplates& templates = *server_config_of(r->server).templates;
  const std::string nonce = make_nonce();
  const web::SignedOutValues values{.nonce = nonce,
                                    .realm = decided.space.realm,
                                    .return_path = return_path,
                                    .forget_url = ap_escape_uri(r->pool, r->uri)};
  apr_table_setn(r->subprocess_env, "AUTH_EPOCH_EVENT", "logout");
  send_cookie(r, decided, done.cookie_value);
  if (done.is_answer || done.cookie_value.empty()) return send_redirect(r, return_path);
  clear_site_data(r, config, decided);
  if (!done.scope_granted) {
    challenge_with_epoch(r);
    return send_page(r, HTTP_UNAUTHORIZED, web::signed_out_here(templates, values));
  }
  switch (logout_response_of(config)) {
    case LogoutResponse::Challenge:
      challenge_with_basic(r);
      return HTTP_UNAUTHORIZED;
    case LogoutResponse::Redirect:
      return send_redirect(r, return_path);
    case LogoutResponse::Page:
      break;
  }
  challenge_with_epoch(r);
  return send_page(r, HTTP_UNAUTHORIZED, web::signed_out(templates, values));
}

int log_out(request_rec* r, const DirConfig& config, const Presentation& presentation,
            Decided& decided, LogoutScope scope, const std::string& return_path) {
  Child& child = *process_of(r->server).child;
  core::Result<core::LoggedOut> done = child.service().logout(
      presentation.presented(),
      {.scope = scope,
       .answered_by_challenge = logout_response_of(config) == LogoutResponse::Challenge},
      limits_of(config), time_of(r));
  child.note_store_answer(r, done ? std::string() : done.error().detail);
  if (!done) return unavailable(r);
  log_logout(r, *done);
  note_logout(r, decided, scope, *done);
  return answer_logout(r, config, decided, return_path, *done);
}

// A page of ours makes the browser forget its credentials, here or at any other URL of the zone.
int forget(request_rec* r, const DirConfig& config, const Presentation& presentation,
           Decided& decided) {
  Child& child = *process_of(r->server).child;
  decided.examined =
      child.service().examine(presentation.presented(), policy_for(r, config), time_of(r));
  child.note_store_answer(r, decided.examined.store_error);
  note_over(r, decided.examined.found_over);
  return refuse(r, decided);
}

bool may_log_out_by_get(const core::RequestTraits& traits, LogoutGet policy) noexcept {
  return policy == LogoutGet::SameOrigin && traits.navigation &&
         (traits.same_origin || traits.typed) && !traits.speculative;
}

int handle(request_rec* r) {
  if (r->handler == nullptr || r->handler != kLogoutHandler) return DECLINED;
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

  Parameters parameters;
  read_query(r, parameters);
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

}  // namespace
}  // namespace epoch::httpd

int epoch_logout_handler(request_rec* r) {
  return epoch::httpd::guarded(r, HTTP_SERVICE_UNAVAILABLE,
                               [r] { return epoch::httpd::handle(r); });
}
