#include "core/credentials.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "core/bytes.h"
#include "core/text.h"

namespace epoch::core {
namespace {

void wipe(std::string& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

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
    : user_(std::move(other.user_)), password_(take(other.password_)) {}

Credentials& Credentials::operator=(Credentials&& other) noexcept {
  if (this != &other) {
    wipe(password_);
    user_ = std::move(other.user_);
    password_ = take(other.password_);
  }
  return *this;
}

Credentials::~Credentials() {
  wipe(user_);
  wipe(password_);
}

std::optional<Credentials> parse_basic_credentials(std::string_view field_value) {
  constexpr std::string_view kScheme = "basic";
  const std::size_t scheme_end = field_value.find(' ');
  if (!equals_ignoring_case(field_value.substr(0, scheme_end), kScheme)) return std::nullopt;

  std::string_view encoded =
      scheme_end == std::string_view::npos ? "" : field_value.substr(scheme_end);
  encoded.remove_prefix(std::min(encoded.find_first_not_of(" \t\n\v\f\r"), encoded.size()));
  std::string decoded = base64_decode_as_httpd(encoded);
  const std::string_view text = std::string_view(decoded).substr(0, decoded.find('\0'));
  const std::size_t colon = text.find(':');
  std::string user(text.substr(0, colon));
  std::string password(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  wipe(decoded);
  return Credentials(std::move(user), std::move(password));
}

}  // namespace epoch::core
