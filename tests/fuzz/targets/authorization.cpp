// The Authorization header field is read exactly as mod_auth_basic reads it, with httpd's library.
#include <apr_base64.h>

#include <cstring>
#include <vector>

#include "core/credentials.h"
#include "property.h"

namespace epoch::fuzz {
namespace {

struct Read {
  std::string user;
  std::string password;
};

bool is_space(char c) { return std::string_view(" \t\n\v\f\r").find(c) != std::string_view::npos; }

// What mod_auth_basic does, step by step: ap_getword() up to a space, spaces skipped,
// ap_pbase64decode(), ap_getword_nulls() up to a colon. Neither sees anything behind a NUL.
std::optional<Read> as_mod_auth_basic(const std::string& field) {
  const char* line = field.c_str();
  const char* const space = std::strchr(line, ' ');
  const std::string scheme = space == nullptr ? std::string(line) : std::string(line, space);
  if (!core::equals_ignoring_case(scheme, "Basic")) return std::nullopt;
  line = space == nullptr ? line + scheme.size() : space;
  while (*line != '\0' && is_space(*line)) ++line;
  std::vector<char> decoded(static_cast<std::size_t>(apr_base64_decode_len(line)) + 1);
  apr_base64_decode(decoded.data(), line);
  const std::string text(decoded.data());
  const std::size_t colon = text.find(':');
  return Read{.user = text.substr(0, colon),
              .password = colon == std::string::npos ? "" : text.substr(colon + 1)};
}

void compare(const std::string& field) {
  const std::optional<Read> theirs = as_mod_auth_basic(field);
  const std::optional<core::Credentials> ours = core::parse_basic_credentials(field);
  require(theirs.has_value() == ours.has_value(), "credentials are seen where httpd sees them");
  require(!ours || (ours->user() == theirs->user && ours->password() == theirs->password),
          "and are what httpd takes them for");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  // A header field of httpd is a C string.
  std::string field(fuzz::text_of_input(bytes, size));
  field.resize(std::strlen(field.c_str()));
  fuzz::compare(field);
  fuzz::compare("Basic " + field);
  return 0;
}
