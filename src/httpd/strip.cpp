// AuthEpochStrip: what backends need not see, our cookie and the password, is taken out of the
// request just before the handler runs, and put back for internal redirects and sub-requests, where
// authentication runs again.
#include <httpd.h>

#include <http_request.h>

#include <memory>
#include <string_view>

#include "core/cookie.h"
#include "httpd/boundary.h"
#include "httpd/exchange.h"
#include "httpd/strip.h"

namespace epoch::httpd {
namespace {

// As most requests have it.
bool is_the_only_one(std::string_view cookies, std::string_view name) noexcept {
  return cookies.size() > name.size() && cookies.starts_with(name) && cookies[name.size()] == '=' &&
         cookies.find(';') == std::string_view::npos;
}

void strip_cookie(request_rec* r) {
  const char* header = apr_table_get(r->headers_in, "Cookie");
  if (header == nullptr) return;
  const Decided* decided = decided_of(r);
  const std::shared_ptr<const Space> space = decided == nullptr ? space_of(r) : decided->space;
  const std::string_view cookies(header);
  const std::string& name = space->cookie.name;
  if (is_the_only_one(cookies, name)) {
    remember(r).stripped_cookie = header;
    apr_table_unset(r->headers_in, "Cookie");
    return;
  }
  auto* const rest = static_cast<char*>(apr_palloc(r->pool, 2 * cookies.size() + 1));
  const core::Rest kept = core::write_without_cookie(cookies, name, rest);
  if (kept.taken_out == 0) return;
  remember(r).stripped_cookie = header;
  if (kept.length == 0) {
    apr_table_unset(r->headers_in, "Cookie");
  } else {
    rest[kept.length] = '\0';
    apr_table_setn(r->headers_in, "Cookie", rest);
  }
}

void strip_authorization(request_rec* r) {
  const char* header = apr_table_get(r->headers_in, "Authorization");
  if (header == nullptr) return;
  remember(r).stripped_authorization = header;
  apr_table_unset(r->headers_in, "Authorization");
}

int strip(request_rec* r) {
  const DirConfig& config = dir_config_of(r);
  if (mode_of(config) == Mode::Off) return DECLINED;
  if (r->handler != nullptr && std::string_view(r->handler).starts_with(kHandlerPrefix)) {
    return DECLINED;
  }
  const Strip what = strip_of(config);
  if (what.cookie) strip_cookie(r);
  if (what.authorization) strip_authorization(r);
  return DECLINED;
}

}  // namespace

void restore_stripped(request_rec* r) {
  for (const request_rec* e = leading_to(r); e != nullptr; e = leading_to(e)) {
    const Remembered* remembered = remembered_of(e);
    if (remembered == nullptr) continue;
    if (remembered->stripped_cookie != nullptr) {
      apr_table_setn(r->headers_in, "Cookie", remembered->stripped_cookie);
    }
    if (remembered->stripped_authorization != nullptr) {
      apr_table_setn(r->headers_in, "Authorization", remembered->stripped_authorization);
    }
  }
}

}  // namespace epoch::httpd

int epoch_strip(request_rec* r) {
  return epoch::httpd::guarded(r, HTTP_INTERNAL_SERVER_ERROR,
                               [r] { return epoch::httpd::strip(r); });
}

int epoch_translate_name(request_rec* r) {
  return epoch::httpd::guarded(r, HTTP_INTERNAL_SERVER_ERROR, [r] {
    epoch::httpd::restore_stripped(r);
    return DECLINED;
  });
}
