// Cookies (RFC 6265): finding ours in a request, telling what it is, and setting it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/bytes.h"
#include "core/lineage.h"

namespace epoch::core {

enum class SameSite { Lax, None };

struct CookieAttributes {
  std::string name;
  std::string path;
  std::string domain;  // empty: host-only
  bool secure = false;
  SameSite same_site = SameSite::Lax;
};

// `__Host-epoch-<8 hex of the zone>` whenever Secure is in effect, the path is / and no domain is
// set, so that no other host or plain-http page can plant one; else `epoch-<8 hex>`.
std::string default_cookie_name(std::string_view zone, bool secure, std::string_view path,
                                std::string_view domain);

// The cookies of one name in a Cookie header field. Names are compared exactly, as browsers do.
// Values are views into the header.
struct NamedCookies {
  std::array<std::string_view, 2> values;  // the first two
  std::size_t count = 0;                   // how many there were in all
};
NamedCookies find_cookies(std::string_view cookie_header, std::string_view name) noexcept;

// Writes the header field without the cookies of that name to `out`, which has room for twice its
// length.
struct Rest {
  std::size_t taken_out = 0;  // cookies
  std::size_t length = 0;     // of what was written; 0 where nothing else was in the field
};
Rest write_without_cookie(std::string_view cookie_header, std::string_view name,
                          char* out) noexcept;

// What a value of ours holds: the id of a session, or the bytes of a challenge yet to be verified.
struct ChallengeBytes {
  std::string bytes;
};
using CookieContent = std::variant<SessionId, ChallengeBytes>;

// nullopt for anything that session_value() and challenge_value() did not write: wrong length,
// wrong alphabet, unknown type.
std::optional<CookieContent> read_cookie_value(std::string_view value);

std::string session_value(const SessionId& id);
std::string challenge_value(Bytes signed_challenge);

// The value of a Set-Cookie header field: HttpOnly, for the browser's session (no Max-Age).
std::string set_cookie(const CookieAttributes& attributes, std::string_view value);

}  // namespace epoch::core
