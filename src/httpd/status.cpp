// The handler auth-epoch-status: one's own session as JSON, and the script that asks for it.
#include <httpd.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "core/bytes.h"
#include "httpd/answers.h"
#include "httpd/exchange.h"
#include "httpd/handlers.h"
#include "httpd/happenings.h"
#include "httpd/process.h"
#include "web/embedded_pages.h"
#include "web/status_json.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

// What stands in the URL behind the location's own path. Not r->path_info: what that is depends on
// the files that other directives map the URL to.
std::string_view rest_of_url(const request_rec* r, std::string_view location) {
  const std::string_view url = r->uri;
  return url.starts_with(location) ? url.substr(location.size()) : url;
}

// Where the browser says nothing of its own, as over plain http, an answer does no harm: another
// site's page could not read it.
bool is_from_elsewhere(const core::RequestTraits& traits) noexcept {
  return traits.cross_site || (traits.sends_metadata && !traits.same_origin && !traits.typed);
}

int send_status(request_rec* r, const DirConfig& config) {
  const Presentation presentation(r);
  if (is_from_elsewhere(presentation.traits())) {
    return send_problem(r, HTTP_FORBIDDEN, "Not for other sites",
                        "Only pages of this origin may ask for the state of a session.");
  }
  Child* child = process_of(r->server).child;
  if (child == nullptr) return unavailable(r);
  const core::Result<core::SessionStatus> status =
      child->service().status(presentation.presented(), policy_for(r, config), time_of(r));
  child->note_store_answer(r, StoreUse::Reading, status ? std::string() : status.error().detail);
  if (!status) {
    return send_problem(r, unavailable(r), "Not known at the moment",
                        "The sessions cannot be read. Ask again later.");
  }
  note_over(r, status->found_over);
  return send_json(r, HTTP_OK, web::status_json(*status));
}

// The same for everybody, so any cache may keep it.
int send_script(request_rec* r) {
  const std::string_view script = web::embedded_file("watch.js");
  const std::string tag =
      "\"" + core::base64url_encode(core::Bytes(core::sha256({core::bytes_of(script)})).first(12)) +
      "\"";
  apr_table_set(r->headers_out, "ETag", tag.c_str());
  apr_table_setn(r->headers_out, "Cache-Control", "public, max-age=3600");
  apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
  if (const int status = ap_meets_conditions(r); status != OK) return status;
  ap_set_content_type(r, "text/javascript; charset=utf-8");
  ap_set_content_length(r, static_cast<apr_off_t>(script.size()));
  ap_rwrite(script.data(), static_cast<int>(script.size()), r);
  return OK;
}

}  // namespace

int serve_status(request_rec* r) {
  const DirConfig& config = dir_config_of(r);
  if (mode_of(config) == Mode::Off || ap_auth_name(r) == nullptr || !config.status_location) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "the status URL %s must stand in a <Location> with a path, where AuthEpoch is On "
                  "and AuthName is set: inside the section whose sessions it tells of",
                  r->uri);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (r->method_number != M_GET) {
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
    return HTTP_METHOD_NOT_ALLOWED;
  }
  if (const int status = ap_discard_request_body(r); status != OK) return status;
  const std::string_view rest = rest_of_url(r, *config.status_location);
  if (rest.empty() || rest == "/") return send_status(r, config);
  if (rest == "/watch.js") return send_script(r);
  return HTTP_NOT_FOUND;
}

}  // namespace epoch::httpd
