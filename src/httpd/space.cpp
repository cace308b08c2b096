#include "httpd/space.h"

#include <http_core.h>

#include <algorithm>
#include <utility>

#include "core/challenge.h"
#include "core/origin.h"
#include "core/text.h"
#include "httpd/process.h"

namespace epoch::httpd {
namespace {

// httpd's own idea of scheme, host and port, which honours ServerName and UseCanonicalName.
void set_own_origin(const request_rec* r, SpaceSource& source) {
  while (r->main != nullptr) r = r->main;  // a sub-request does not know the port it came in by
  source.scheme = ap_http_scheme(r);
  source.host = ap_get_server_name(const_cast<request_rec*>(r));
  source.port = ap_get_server_port(r);
}

// Behind a proxy the administrator has said what the origins are; which of them this request was
// made to, the Host header field tells, if the proxy left it alone.
std::string_view public_origin_of(const request_rec* r, const ServerConfig& server) {
  const char* field = apr_table_get(r->headers_in, "Host");
  const std::string_view host = field == nullptr ? "" : field;
  const auto named =
      std::find_if(server.origins.begin(), server.origins.end(), [&](const std::string& origin) {
        return core::equals_ignoring_case(core::authority_of(origin), host);
      });
  return named == server.origins.end() ? server.origins.front() : *named;
}

SpaceSource source_of(const request_rec* r) {
  const DirConfig& config = dir_config_of(r);
  const ServerConfig& server = server_config_of(r->server);
  const char* realm = ap_auth_name(const_cast<request_rec*>(r));
  SpaceSource source{.virtual_host = &server.identity,
                     .zone = config.zone.value_or(""),
                     .realm = realm == nullptr ? "" : realm,
                     .origin = {},
                     .scheme = {},
                     .host = {},
                     .cookie_name = config.cookie_name.value_or(""),
                     .cookie_path = config.cookie_path.value_or("/"),
                     .cookie_domain = config.cookie_domain.value_or(""),
                     .same_site = config.same_site.value_or(core::SameSite::Lax),
                     .cookie_secure = config.cookie_secure.value_or(CookieSecure::Auto)};
  if (server.origins.empty()) {
    set_own_origin(r, source);
  } else {
    source.origin = public_origin_of(r, server);
  }
  return source;
}

core::CookieAttributes cookie_of(const SpaceSource& source, const Space& space) {
  const bool is_secure =
      source.cookie_secure == CookieSecure::On ||
      (source.cookie_secure == CookieSecure::Auto && core::is_https(space.origin));
  core::CookieAttributes cookie{.name = std::string(source.cookie_name),
                                .path = std::string(source.cookie_path),
                                .domain = std::string(source.cookie_domain),
                                .secure = is_secure,
                                .same_site = source.same_site};
  if (cookie.name.empty()) {
    cookie.name = core::default_cookie_name(space.zone, is_secure, cookie.path, cookie.domain);
  }
  return cookie;
}

Space make_space(const SpaceSource& source) {
  Space space;
  space.realm = source.realm;
  space.zone = source.zone.empty() ? *source.virtual_host + " \"" + space.realm + "\""
                                   : std::string(source.zone);
  space.origin = source.origin.empty() ? core::make_origin(source.scheme, source.host,
                                                           static_cast<std::uint16_t>(source.port))
                                       : std::string(source.origin);
  space.tag = core::space_tag(space.origin, space.realm);
  space.cookie = cookie_of(source, space);
  return space;
}

std::uint64_t last_bytes(std::string_view text) noexcept {
  std::uint64_t bytes = 0;
  if (text.size() > sizeof bytes) text.remove_prefix(text.size() - sizeof bytes);
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(&bytes));
  return bytes;
}

// What spaces of one httpd differ in, mixed well enough for a few dozen of them.
std::uint64_t place_of(const SpaceSource& source) noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t sum = last_bytes(source.host) + 3 * last_bytes(source.realm) +
                            7 * last_bytes(source.zone) + 11 * source.host.size() + source.port;
  return (sum * kOdd) >> 32U;
}

}  // namespace

struct SpaceBook::Entry {
  explicit Entry(const SpaceSource& from) : space(make_space(from)), source(from) {
    const auto views = {&source.zone,        &source.realm,        &source.origin,
                        &source.scheme,      &source.host,         &source.cookie_name,
                        &source.cookie_path, &source.cookie_domain};
    for (const std::string_view* view : views) text.append(*view);
    const char* begin = text.data();
    for (std::string_view* view : views) {
      *view = std::string_view(begin, view->size());
      begin += view->size();
    }
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  const Space space;
  std::string text;  // what the views of the source point to
  SpaceSource source;
};

std::shared_ptr<const Space> SpaceBook::space_of(const SpaceSource& source) {
  const std::uint64_t place = place_of(source);
  std::shared_ptr<const Entry> entry;
  entries_.visit(place, [&](const std::shared_ptr<const Entry>& here) {
    if (here && here->source == source) entry = here;
  });
  if (!entry) {
    auto made = std::make_shared<const Entry>(source);
    entry = made;
    entries_.visit(place, [&](std::shared_ptr<const Entry>& here) { here.swap(made); });
  }
  return {entry, &entry->space};
}

std::shared_ptr<const Space> space_of(const request_rec* r) {
  return process_of(r->server).spaces.space_of(source_of(r));
}

}  // namespace epoch::httpd
