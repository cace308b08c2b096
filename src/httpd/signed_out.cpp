#include "httpd/signed_out.h"

#include <httpd.h>

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "core/origin.h"
#include "httpd/answers.h"
#include "httpd/process.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

bool is_localhost(std::string_view origin) noexcept {
  const std::string_view host = core::authority_of(origin);
  return host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
}

void clear_site_data(request_rec* r, const Decided& decided) {
  const std::string_view types = clear_site_data_of(dir_config_of(r));
  const std::string& origin = decided.space->origin;
  if (types.empty() || !(core::is_https(origin) || is_localhost(origin))) return;
  apr_table_setn(r->err_headers_out, "Clear-Site-Data",
                 apr_pstrmemdup(r->pool, types.data(), types.size()));
}

}  // namespace

void log_ended(request_rec* r, const core::RecordKey& session, const std::string& user) {
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "session %s of user %s ended: logged out",
                core::short_id(session).c_str(), user.c_str());
}

void log_logout(request_rec* r, const core::LoggedOut& done) {
  const std::string user = done.session ? done.session->session->identity.user : "(unknown)";
  for (const core::RecordKey& key : done.ended) log_ended(r, key, user);
}

std::string logout_path_of(const DirConfig& config) {
  if (logout_response_of(config) == LogoutResponse::Redirect && config.logout_redirect) {
    return std::string(*config.logout_redirect);
  }
  return std::string(return_path_of(config));
}

int answer_logout(request_rec* r, Decided& decided, LogoutResponse response,
                  const std::string& return_path, const core::LoggedOut& done) {
  const web::PageTemplates& templates = *server_config_of(r->server).templates;
  const std::string nonce = make_nonce();
  const web::SignedOutValues values{.nonce = nonce,
                                    .realm = decided.space->realm,
                                    .return_path = return_path,
                                    .forget_url = ap_escape_uri(r->pool, r->uri)};
  apr_table_setn(r->subprocess_env, kEventVariable, "logout");
  send_cookie(r, decided, done.cookie_value);
  if (done.is_answer || done.cookie_value.empty()) return send_redirect(r, return_path);
  clear_site_data(r, decided);
  if (!done.scope_granted) {
    challenge_with_epoch(r);
    return send_page(r, HTTP_UNAUTHORIZED, web::signed_out_here(templates, values));
  }
  switch (response) {
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

}  // namespace epoch::httpd
