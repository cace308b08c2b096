#include "core/credentials.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/text.h"

namespace epoch::core {
namespace {

void wipe(std::string& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

// Of the C locale, as httpd's ap_getword() and apr_isspace() see it.
bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A moved-from std::string may keep short text in place, so the source is wiped.
std::string take(std::string& secret) noexcept {
  std::string taken = std::move(secret);
  OPENSSL_cleanse(secret.data(), secret.capacity());
  secret.clear();
  return taken;
}

}  // namespace

Credentials::Credentials(std::string user, std::string password) noexcept
    : user_(std::move(user)), password_(take(password)) {}

Credentials::Credentials(Credentials&& other) noexcept
    : encoded_(other.encoded_),
      is_decoded_(other.is_decoded_),
      user_(std::move(other.user_)),
      password_(take(other.password_)) {}

Credentials& Credentials::operator=(Credentials&& other) noexcept {
  if (this != &other) {
    wipe(password_);
    encoded_ = other.encoded_;
    is_decoded_ = other.is_decoded_;
    user_ = std::move(other.user_);
    password_ = take(other.password_);
  }
  return *this;
}

Credentials::~Credentials() {
  if (!is_decoded_) return;
  wipe(user_);
  wipe(password_);
}

std::string_view Credentials::user() const {
  decode();
  return user_;
}

std::string_view Credentials::password() const {
  decode();
  return password_;
}

void Credentials::decode() const {
  if (is_decoded_) return;
  std::array<std::uint8_t, 256> usual_room;
  std::vector<std::uint8_t> larger_room;
  std::span<std::uint8_t> room(usual_room);
  if (encoded_.size() > room.size()) {
    larger_room.resize(encoded_.size());
    room = larger_room;
  }
  const std::size_t length = base64_decode_as_httpd(encoded_, room);
  std::string_view text = text_of(Bytes(room).first(length));
  text = text.substr(0, text.find('\0'));
  const std::size_t colon = text.find(':');
  user_ = text.substr(0, colon);
  password_ = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  OPENSSL_cleanse(room.data(), length);
  is_decoded_ = true;
}

std::optional<Credentials> parse_basic_credentials(std::string_view field_value) {
  constexpr std::string_view kScheme = "basic";
  if (!equals_ignoring_case(field_value.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  std::string_view encoded = field_value.substr(kScheme.size());
  if (!encoded.empty() && encoded.front() != ' ') return std::nullopt;
  while (!encoded.empty() && is_space(encoded.front())) encoded.remove_prefix(1);
  return std::optional<Credentials>(std::in_place, encoded);
}

}  // namespace epoch::core
