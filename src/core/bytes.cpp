#include "core/bytes.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium/crypto_verify_32.h>

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

namespace epoch::core {
namespace {

constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using Framing = std::array<std::uint8_t, 8>;

Framing length_frame(std::size_t length) noexcept {
  Framing frame{};
  for (std::size_t i = 0; i < frame.size(); ++i) {
    frame[i] = static_cast<std::uint8_t>((static_cast<std::uint64_t>(length) >> (8 * i)) & 0xff);
  }
  return frame;
}

// libcrypto fails here only where it cannot allocate or has no SHA-256 at all.
void require(bool succeeded) {
  if (!succeeded) throw std::bad_alloc();
}

using Digits = std::array<std::int8_t, 256>;

constexpr Digits digits_of(std::string_view alphabet) {
  Digits digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    digits[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return digits;
}

using HexPairs = std::array<std::array<char, 2>, 256>;

constexpr HexPairs make_hex_pairs() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  HexPairs pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kDigits[i >> 4U], kDigits[i & 0xfU]};
  return pairs;
}

constexpr HexPairs kHexPairs = make_hex_pairs();

constexpr Digits kUrlDigits = digits_of(kUrlAlphabet);
constexpr Digits kBase64Digits = digits_of(kBase64Alphabet);

int digit_of(const Digits& digits, char c) noexcept {
  return digits[static_cast<unsigned char>(c)];
}

struct Decoded {
  std::size_t digits = 0;  // how many were read
  unsigned left_over = 0;  // bits that make no whole byte
};

// Writes the whole bytes that the digits hold, six bits a digit, up to the first character that is
// none; three quarters as many as there are characters have room at `out`.
Decoded decode_digits(std::string_view text, const Digits& digits, std::uint8_t* out) noexcept {
  Decoded decoded;
  const auto digit_at = [&](std::size_t i) { return digit_of(digits, text[i]); };
  for (; decoded.digits + 4 <= text.size(); decoded.digits += 4) {
    const int a = digit_at(decoded.digits);
    const int b = digit_at(decoded.digits + 1);
    const int c = digit_at(decoded.digits + 2);
    const int d = digit_at(decoded.digits + 3);
    if ((a | b | c | d) < 0) break;
    const auto three = static_cast<unsigned>(a << 18 | b << 12 | c << 6 | d);
    *out++ = static_cast<std::uint8_t>(three >> 16U);
    *out++ = static_cast<std::uint8_t>(three >> 8U);
    *out++ = static_cast<std::uint8_t>(three);
  }
  unsigned bits = 0;
  for (const char each : text.substr(decoded.digits)) {
    const int digit = digit_of(digits, each);
    if (digit < 0) break;
    ++decoded.digits;
    decoded.left_over = (decoded.left_over << 6U) | static_cast<unsigned>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    *out++ = static_cast<std::uint8_t>(decoded.left_over >> bits);
    decoded.left_over &= (1U << bits) - 1U;
  }
  return decoded;
}

std::size_t bytes_in(std::size_t digits) noexcept { return digits * 3 / 4; }

// Fetched once: libcrypto would otherwise look for an implementation for every digest, which takes
// longer than the digest. Never freed: they are used until the process ends, perhaps within exit().
EVP_MD* sha256_algorithm() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  require(algorithm != nullptr);
  return algorithm;
}

EVP_MAC* hmac_algorithm() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(algorithm != nullptr);
  return algorithm;
}

}  // namespace

bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool equal_in_constant_time(const Hash256& a, const Hash256& b) noexcept {
  static_assert(std::tuple_size_v<Hash256> == crypto_verify_32_BYTES);
  return crypto_verify_32(a.data(), b.data()) == 0;
}

Hash256 sha256(std::initializer_list<Bytes> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  require(context && EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1);
  for (const Bytes part : parts) {
    const Framing frame = length_frame(part.size());
    require(EVP_DigestUpdate(context.get(), frame.data(), frame.size()) == 1);
    require(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  Hash256 digest;
  require(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

Hash256 hmac_sha256(Bytes key, std::initializer_list<Bytes> parts) {
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
      EVP_MAC_CTX_new(hmac_algorithm()), &EVP_MAC_CTX_free);
  char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
      OSSL_PARAM_construct_end()};
  require(context && EVP_MAC_init(context.get(), key.data(), key.size(), parameters) == 1);
  for (const Bytes part : parts) {
    const Framing frame = length_frame(part.size());
    require(EVP_MAC_update(context.get(), frame.data(), frame.size()) == 1);
    require(EVP_MAC_update(context.get(), part.data(), part.size()) == 1);
  }
  Hash256 mac;
  std::size_t length = 0;
  require(EVP_MAC_final(context.get(), mac.data(), &length, mac.size()) == 1);
  return mac;
}

void write_hex(Bytes bytes, char* out) noexcept {
  for (const std::uint8_t byte : bytes) out = std::copy_n(kHexPairs[byte].begin(), 2, out);
}

std::string hex(Bytes bytes) {
  std::string text(bytes.size() * 2, '\0');
  write_hex(bytes, text.data());
  return text;
}

std::string base64url_encode(Bytes bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  unsigned pending = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8U) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text.push_back(kUrlAlphabet[(pending >> bits) & 0x3fU]);
    }
    pending &= (1U << bits) - 1U;
  }
  if (bits > 0) text.push_back(kUrlAlphabet[(pending << (6 - bits)) & 0x3fU]);
  return text;
}

std::optional<std::size_t> base64url_decode(std::string_view text,
                                            std::span<std::uint8_t> room) noexcept {
  const std::size_t length = bytes_in(text.size());
  if (text.size() % 4 == 1 || length > room.size()) return std::nullopt;
  const Decoded decoded = decode_digits(text, kUrlDigits, room.data());
  if (decoded.digits != text.size() || decoded.left_over != 0) return std::nullopt;
  return length;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::vector<std::uint8_t> room(bytes_in(text.size()));
  const std::optional<std::size_t> length = base64url_decode(text, room);
  if (!length) return std::nullopt;
  return std::string(text_of(Bytes(room).first(*length)));
}

std::size_t base64_decode_as_httpd(std::string_view text, std::span<std::uint8_t> room) noexcept {
  return bytes_in(decode_digits(text, kBase64Digits, room.data()).digits);
}

}  // namespace epoch::core
