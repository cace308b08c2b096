// The handler auth-epoch-metrics.
#include <httpd.h>

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "httpd/exchange.h"
#include "httpd/handlers.h"
#include "httpd/metrics_text.h"
#include "httpd/process.h"

namespace epoch::httpd {

int serve_metrics(request_rec* r) {
  if (r->method_number != M_GET) {
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
    return HTTP_METHOD_NOT_ALLOWED;
  }
  if (const int status = ap_discard_request_body(r); status != OK) return status;
  const Process* process = server_config_of(r->server).process;
  if (process == nullptr) return HTTP_SERVICE_UNAVAILABLE;
  std::vector<WatchedDirectory> directories;
  for (std::size_t i = 0; i < process->watches.size(); ++i) {
    directories.push_back(
        {.url = process->watches[i].directory, .status = process->watch_status->read(i)});
  }
  const std::string text =
      metrics_text(*process->metrics, directories, process->census->read(), time_of(r));
  ap_set_content_type(r, kMetricsContentType);
  ap_set_content_length(r, static_cast<apr_off_t>(text.size()));
  apr_table_setn(r->headers_out, "Cache-Control", "no-store");
  ap_rwrite(text.data(), static_cast<int>(text.size()), r);
  return OK;
}

}  // namespace epoch::httpd
