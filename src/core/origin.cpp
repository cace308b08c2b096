#include "core/origin.h"

#include <algorithm>
#include <charconv>

#include "core/text.h"

namespace epoch::core {
namespace {

constexpr std::string_view kSchemeEnd = "://";

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), ascii_lower);
  return lower;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return std::nullopt;
  }
  return port;
}

bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// A reg-name of the characters that DNS names are made of, or an IPv6 address in brackets.
bool is_host(std::string_view host) noexcept {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") ==
           std::string_view::npos;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

}  // namespace

std::string make_origin(std::string_view scheme, std::string_view host, std::uint16_t port) {
  std::string origin = lowered(scheme);
  const std::uint16_t default_port = origin == "https" ? 443 : 80;
  const bool bare_ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  origin.append(kSchemeEnd).append(bare_ipv6 ? "[" + lowered(host) + "]" : lowered(host));
  if (port != 0 && port != default_port) origin.append(":").append(std::to_string(port));
  return origin;
}

std::optional<std::string> parse_origin(std::string_view text) {
  const std::string lower = lowered(text);
  const std::string_view view = lower;
  const std::size_t scheme_end = view.find(kSchemeEnd);
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = view.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return std::nullopt;

  std::string_view host = view.substr(scheme_end + kSchemeEnd.size());
  std::uint16_t port = 0;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const std::optional<std::uint16_t> parsed = parse_port(host.substr(colon + 1));
    if (!parsed) return std::nullopt;
    port = *parsed;
    host = host.substr(0, colon);
  }
  if (!is_host(host)) return std::nullopt;
  return make_origin(scheme, host, port);
}

std::optional<std::string> origin_of_url(std::string_view url) {
  const std::size_t scheme_end = url.find(kSchemeEnd);
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::size_t path = url.find_first_of("/?#", scheme_end + kSchemeEnd.size());
  return parse_origin(url.substr(0, path));
}

std::string_view authority_of(std::string_view origin) noexcept {
  const std::size_t scheme_end = origin.find(kSchemeEnd);
  return scheme_end == std::string_view::npos ? origin
                                              : origin.substr(scheme_end + kSchemeEnd.size());
}

}  // namespace epoch::core
