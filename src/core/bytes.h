// Byte strings of fixed length, and how they are compared, hashed and written down.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace epoch::core {

using Bytes = std::span<const std::uint8_t>;
using Hash256 = std::array<std::uint8_t, 32>;

// The bytes of a string, without a copy; valid as long as the string.
inline Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The same bytes as text, without a copy.
inline std::string_view text_of(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Compares in a time that depends on the length alone.
bool equal_in_constant_time(Bytes a, Bytes b) noexcept;
bool equal_in_constant_time(const Hash256& a, const Hash256& b) noexcept;

// SHA-256 over the parts, each preceded by its length in eight bytes, so that no two lists of
// parts hash alike. Throws std::bad_alloc where libcrypto cannot allocate.
Hash256 sha256(std::initializer_list<Bytes> parts);

// HMAC-SHA-256 (RFC 2104) over the parts, framed as sha256() frames them.
Hash256 hmac_sha256(Bytes key, std::initializer_list<Bytes> parts);

// Lower-case hexadecimal digits, two a byte.
std::string hex(Bytes bytes);
// The same into the caller's memory, which has room for them.
void write_hex(Bytes bytes, char* out) noexcept;

// base64url without padding (RFC 4648 section 5).
std::string base64url_encode(Bytes bytes);

// Decodes what base64url_encode() writes and nothing else: padding, other alphabets, white space
// and non-zero trailing bits are Malformed (nullopt), so that a value has one spelling.
std::optional<std::string> base64url_decode(std::string_view text);
// The same into the caller's memory; answers how many bytes there are. More than fit are Malformed.
std::optional<std::size_t> base64url_decode(std::string_view text,
                                            std::span<std::uint8_t> room) noexcept;

// Decodes the base64 of RFC 4648 section 4 as httpd's own apr_base64_decode() does: up to the first
// character outside the alphabet, whatever follows. What mod_auth_basic will read from a header
// field and what we read must be the same. Answers how many bytes there are; three quarters as many
// as `text` has characters must have room.
std::size_t base64_decode_as_httpd(std::string_view text, std::span<std::uint8_t> room) noexcept;

}  // namespace epoch::core
