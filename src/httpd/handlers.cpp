#include "httpd/handlers.h"

#include <string_view>

#include "httpd/boundary.h"
#include "httpd/section.h"

namespace epoch::httpd {
namespace {

struct Handler {
  std::string_view name;
  int (*answer)(request_rec* r);
};

constexpr Handler kHandlers[] = {{kLogoutHandler, serve_logout},
                                 {kSessionsHandler, serve_sessions},
                                 {kStatusHandler, serve_status},
                                 {kAdminHandler, serve_admin},
                                 {kMetricsHandler, serve_metrics}};

int handle(request_rec* r) {
  for (const Handler& each : kHandlers) {
    if (each.name == r->handler) return each.answer(r);
  }
  return DECLINED;
}

}  // namespace
}  // namespace epoch::httpd

// httpd asks every module about every request, so that what is not ours must be quick to tell.
int epoch_handler(request_rec* r) {
  using namespace epoch::httpd;  // NOLINT: this is the C face of the file
  if (r->handler == nullptr || !std::string_view(r->handler).starts_with(kHandlerPrefix)) {
    return DECLINED;
  }
  return guarded(r, HTTP_SERVICE_UNAVAILABLE, [r] { return handle(r); });
}
