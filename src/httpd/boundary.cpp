#include "httpd/boundary.h"

#include <http_log.h>

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {

void log_exception(request_rec* r, const char* what) noexcept {
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                "internal error: %s; the request was refused, please report this",
                what == nullptr ? "unknown exception" : what);
}

void log_exception(server_rec* server, const char* what) noexcept {
  ap_log_error(APLOG_MARK, APLOG_ERR, 0, server, "internal error: %s; please report this",
               what == nullptr ? "unknown exception" : what);
}

}  // namespace epoch::httpd
