// Where a browser files the credentials of a request, and the cookie that goes with them.
#pragma once

#include <httpd.h>

#include <memory>
#include <string>

#include "core/cookie.h"
#include "core/session.h"
#include "core/slots.h"
#include "httpd/config.h"

namespace epoch::httpd {

struct Space {
  std::string zone;
  std::string realm;
  std::string origin;
  core::SpaceTag tag{};  // of origin and realm
  core::CookieAttributes cookie;
};

// What a Space is made of. Views into the request and its configuration.
struct SpaceSource {
  const std::string* virtual_host;  // its name in default zones, where the configuration has it
  std::string_view zone;            // AuthEpochZone; empty: the default
  std::string_view realm;
  std::string_view origin;  // AuthEpochOrigin; empty: the three that follow
  std::string_view scheme;
  std::string_view host;
  unsigned port = 0;
  std::string_view cookie_name;  // empty: the default
  std::string_view cookie_path;
  std::string_view cookie_domain;
  core::SameSite same_site = core::SameSite::Lax;
  CookieSecure cookie_secure = CookieSecure::Auto;

  friend bool operator==(const SpaceSource&, const SpaceSource&) = default;
};

// The spaces of this process, which are few, made once: names and digests of every request.
// Thread-safe, and bounded also where a client makes up host names.
class SpaceBook {
 public:
  SpaceBook() : entries_(64) {}

  std::shared_ptr<const Space> space_of(const SpaceSource& source);

 private:
  struct Entry;
  core::Slots<std::shared_ptr<const Entry>> entries_;
};

// Reads nothing but the location's configuration and the request's own origin.
std::shared_ptr<const Space> space_of(const request_rec* r);

}  // namespace epoch::httpd
