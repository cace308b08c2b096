// Basic credentials (RFC 7617), held only while a request needs them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace epoch::core {

// User name and password as the client sent them. Wiped when destroyed, moved but never copied, and
// without an output operator, so that they cannot slip into a log.
class Credentials {
 public:
  Credentials(std::string user, std::string password) noexcept;
  Credentials(Credentials&&) noexcept;
  Credentials& operator=(Credentials&&) noexcept;
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;
  ~Credentials();

  [[nodiscard]] std::string_view user() const noexcept { return user_; }
  [[nodiscard]] std::string_view password() const noexcept { return password_; }

 private:
  std::string user_;
  std::string password_;
};

// Reads the value of an Authorization header field exactly as mod_auth_basic does, which is
// lenient: base64 counts up to the first foreign character, a NUL ends the text, a missing colon
// means an empty password. nullopt only where the scheme is not Basic (in any case of letters):
// everything else would reach the provider as credentials, and must therefore count as such here.
std::optional<Credentials> parse_basic_credentials(std::string_view field_value);

}  // namespace epoch::core
