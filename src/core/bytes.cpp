#include "core/bytes.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>
#include <new>

namespace epoch::core {
namespace {

constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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

int url_digit(char c) noexcept {
  const std::size_t at = kUrlAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

int base64_digit(char c) noexcept {
  if (c == '+') return 62;
  if (c == '/') return 63;
  return c == '-' || c == '_' ? -1 : url_digit(c);
}

// Appends the whole bytes that `digits` hold, six bits a digit, and returns the bits left over.
template <typename DigitOf>
unsigned append_digits(std::string_view digits, DigitOf digit_of, std::string& out) {
  unsigned pending = 0;
  unsigned bits = 0;
  for (const char c : digits) {
    pending = (pending << 6U) | static_cast<unsigned>(digit_of(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>((pending >> bits) & 0xffU));
    pending &= (1U << bits) - 1U;
  }
  return pending;
}

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

std::string hex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0xfU]);
  }
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

std::optional<std::string> base64url_decode(std::string_view text) {
  if (text.size() % 4 == 1 || text.find_first_not_of(kUrlAlphabet) != std::string_view::npos) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  if (append_digits(text, url_digit, bytes) != 0) return std::nullopt;
  return bytes;
}

std::string base64_decode_as_httpd(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && base64_digit(text[length]) >= 0) ++length;
  std::string bytes;
  bytes.reserve(length * 3 / 4);
  append_digits(text.substr(0, length), base64_digit, bytes);
  return bytes;
}

}  // namespace epoch::core
