// Origins (RFC 6454): scheme, host and port, in one spelling.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace epoch::core {

// scheme://host[:port], lower case, without the scheme's default port. An IPv6 address may come
// with or without its brackets.
std::string make_origin(std::string_view scheme, std::string_view host, std::uint16_t port);

// Reads an origin as AuthEpochOrigin and the Origin header field spell it. nullopt for anything
// else: other schemes than http and https, a path, userinfo, `null`.
std::optional<std::string> parse_origin(std::string_view text);

// The origin of a URL as Referer carries it; nullopt where it has none.
std::optional<std::string> origin_of_url(std::string_view url);

// The host part of an origin that parse_origin() accepted, with the port if it is not the default.
std::string_view authority_of(std::string_view origin) noexcept;

inline bool is_https(std::string_view origin) noexcept { return origin.starts_with("https://"); }

}  // namespace epoch::core
