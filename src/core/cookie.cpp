#include "core/cookie.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "core/text.h"

namespace epoch::core {
namespace {

constexpr std::size_t kLongestValue = 200;
constexpr char kSessionType = 's';
constexpr char kChallengeType = 'c';

struct NameAndValue {
  std::string_view name;
  std::string_view value;
};

NameAndValue split_pair(std::string_view pair) noexcept {
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return {.name = {}, .value = pair};
  std::string_view value = trimmed(pair.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return {.name = trimmed(pair.substr(0, equals)), .value = value};
}

std::string typed_value(char type, Bytes content) {
  std::string bytes(1, type);
  bytes.append(text_of(content));
  return base64url_encode(bytes_of(bytes));
}

}  // namespace

std::string default_cookie_name(std::string_view zone, bool secure, std::string_view path,
                                std::string_view domain) {
  const Hash256 digest = sha256({bytes_of("zone"), bytes_of(zone)});
  const bool host_prefix = secure && path == "/" && domain.empty();
  return (host_prefix ? "__Host-epoch-" : "epoch-") + hex(Bytes(digest).first(4));
}

NamedCookies find_cookies(std::string_view cookie_header, std::string_view name) noexcept {
  NamedCookies found;
  while (!cookie_header.empty()) {
    const NameAndValue pair = split_pair(next_piece(cookie_header, ';'));
    if (pair.name != name) continue;
    if (found.count < found.values.size()) found.values[found.count] = pair.value;
    ++found.count;
  }
  return found;
}

Rest write_without_cookie(std::string_view cookie_header, std::string_view name,
                          char* out) noexcept {
  constexpr std::string_view kBetween = "; ";
  Rest rest;
  char* end = out;
  while (!cookie_header.empty()) {
    const std::string_view piece = next_piece(cookie_header, ';');
    if (piece.empty()) continue;
    if (split_pair(piece).name == name) {
      ++rest.taken_out;
      continue;
    }
    if (end != out) end = std::copy(kBetween.begin(), kBetween.end(), end);
    end = std::copy(piece.begin(), piece.end(), end);
  }
  rest.length = static_cast<std::size_t>(end - out);
  return rest;
}

std::optional<CookieContent> read_cookie_value(std::string_view value) {
  if (value.size() > kLongestValue) return std::nullopt;
  std::array<std::uint8_t, kLongestValue> room;
  const std::optional<std::size_t> length = base64url_decode(value, room);
  if (!length || *length == 0) return std::nullopt;
  const Bytes content = Bytes(room).first(*length).subspan(1);
  if (room.front() == kSessionType && content.size() == SessionId().value.size()) {
    SessionId id;
    std::copy(content.begin(), content.end(), id.value.begin());
    OPENSSL_cleanse(room.data(), *length);
    return id;
  }
  if (room.front() == kChallengeType) return ChallengeBytes{std::string(text_of(content))};
  return std::nullopt;
}

std::string session_value(const SessionId& id) { return typed_value(kSessionType, id.value); }

std::string challenge_value(Bytes signed_challenge) {
  return typed_value(kChallengeType, signed_challenge);
}

std::string set_cookie(const CookieAttributes& attributes, std::string_view value) {
  std::string field = attributes.name;
  field.append("=").append(value);
  field.append("; Path=").append(attributes.path);
  if (!attributes.domain.empty()) field.append("; Domain=").append(attributes.domain);
  field.append("; HttpOnly");
  if (attributes.secure) field.append("; Secure");
  field.append(attributes.same_site == SameSite::None ? "; SameSite=None" : "; SameSite=Lax");
  return field;
}

}  // namespace epoch::core
