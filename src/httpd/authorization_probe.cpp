#include "httpd/authorization_probe.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_request.h>

namespace epoch::httpd {
namespace {

// RFC 7617 section 2: a user name cannot hold a colon.
constexpr const char* kNobody = "any:user";

// Nothing that is asked on behalf of nobody belongs in the log.
const ap_logconf* silence(apr_pool_t* pool) {
  auto* silent = static_cast<ap_logconf*>(apr_pcalloc(pool, sizeof(ap_logconf)));
  silent->level = APLOG_EMERG;
  return silent;
}

}  // namespace

bool lets_everybody_in(request_rec* r) {
  // The same method and configuration as ours, so that httpd does not authenticate it, and asks
  // what it asked us; its own notes and environment, so that ours are left alone.
  request_rec* probe = ap_sub_req_method_uri(r->method, ap_escape_uri(r->pool, r->uri), r, nullptr);
  if (probe == nullptr) return true;
  probe->log = silence(probe->pool);
  probe->per_dir_config = r->per_dir_config;
  probe->user = apr_pstrdup(probe->pool, kNobody);
  const int answer = ap_run_auth_checker(probe);
  ap_destroy_sub_req(probe);
  return answer == OK || answer == DECLINED;
}

}  // namespace epoch::httpd
