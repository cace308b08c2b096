// Basic credentials (RFC 7617), held only while a request needs them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace epoch::core {

// User name and password as the client sent them. Wiped when destroyed, moved but never copied, and
// without an output operator, so that they cannot slip into a log. Belongs to one thread.
class Credentials {
 public:
  Credentials(std::string user, std::string password) noexcept;
  // What follows the scheme in an Authorization header field; a view that outlives this object. It
  // is decoded when user or password are first asked for, which most requests never need.
  explicit Credentials(std::string_view encoded) noexcept : encoded_(encoded), is_decoded_(false) {}
  Credentials(Credentials&&) noexcept;
  Credentials& operator=(Credentials&&) noexcept;
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;
  ~Credentials();

  [[nodiscard]] std::string_view user() const;
  [[nodiscard]] std::string_view password() const;

  // The same text stands for the same credentials; empty where they came otherwise.
  [[nodiscard]] std::string_view encoded() const noexcept { return encoded_; }

 private:
  void decode() const;

  std::string_view encoded_;
  mutable bool is_decoded_ = true;
  mutable std::string user_;
  mutable std::string password_;
};

// Reads the value of an Authorization header field exactly as mod_auth_basic does, which is
// lenient: base64 counts up to the first foreign character, a NUL ends the text, a missing colon
// means an empty password. nullopt only where the scheme is not Basic (in any case of letters):
// everything else would reach the provider as credentials, and must therefore count as such here.
// The answer has a view of the field.
std::optional<Credentials> parse_basic_credentials(std::string_view field_value);

}  // namespace epoch::core
