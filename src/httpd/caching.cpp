// Cache-Control: what one user was shown must reach no other, out of no cache. Set late, over
// whatever the application said, and before mod_cache looks.
#include <httpd.h>

#include <apr_strings.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <string_view>

#include "httpd/boundary.h"
#include "httpd/exchange.h"
#include "httpd/process.h"

namespace epoch::httpd {
namespace {

constexpr const char* kPrivate = "private, no-store";

void insert(request_rec* r) {
  if (mode_of(dir_config_of(r)) == Mode::Off && earlier_decision(r) == nullptr) return;
  ap_add_output_filter_handle(process_of(r->server).cache_control, nullptr, r, r->connection);
}

bool says_how_to_cache(const request_rec* r) {
  return apr_table_get(r->headers_out, "Cache-Control") != nullptr ||
         apr_table_get(r->err_headers_out, "Cache-Control") != nullptr;
}

bool is_html(const request_rec* r) {
  const char* type = r->content_type == nullptr ? "" : r->content_type;
  return ap_cstr_casecmpn(type, "text/html", 9) == 0 ||
         ap_cstr_casecmpn(type, "application/xhtml+xml", 21) == 0;
}

bool must_not_be_stored(const request_rec* r) {
  if (sends_our_cookie(r) || authorization_was_stripped(r)) return true;
  if (!is_protected(r) || says_how_to_cache(r)) return false;
  switch (no_store_of(dir_config_of(r))) {
    case NoStore::Off:
      return false;
    case NoStore::On:
      return true;
    case NoStore::Html:
      break;
  }
  return is_html(r);
}

void forbid_storing(request_rec* r) {
  for (apr_table_t* table : {r->headers_out, r->err_headers_out}) {
    if (apr_is_empty_table(table)) continue;
    apr_table_unset(table, "Expires");
    apr_table_unset(table, "Pragma");
  }
  apr_table_unset(r->err_headers_out, "Cache-Control");
  apr_table_setn(r->headers_out, "Cache-Control", kPrivate);
}

}  // namespace
}  // namespace epoch::httpd

void epoch_insert_filter(request_rec* r) {
  epoch::httpd::guarded(r, false, [r] {
    epoch::httpd::insert(r);
    return true;
  });
}

void epoch_insert_error_filter(request_rec* r) { epoch_insert_filter(r); }

apr_status_t epoch_cache_control_filter(ap_filter_t* filter, apr_bucket_brigade* brigade) {
  request_rec* r = filter->r;
  const apr_status_t failed = epoch::httpd::guarded(r, APR_EGENERAL, [r] {
    if (epoch::httpd::must_not_be_stored(r)) epoch::httpd::forbid_storing(r);
    return APR_SUCCESS;
  });
  ap_remove_output_filter(filter);
  return failed == APR_SUCCESS ? ap_pass_brigade(filter->next, brigade) : failed;
}
