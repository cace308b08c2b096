// AuthLDAPURL and its mode.
#include "ldap/directory_url.h"

#include <array>
#include "property.h"

namespace epoch::fuzz {
namespace {

void understood(const ldap::DirectoryUrl& url, const std::string& text) {
  require(url.text == text, "the URL stays as it was given");
  require(!url.attribute.empty(), "users are named by an attribute");
  require(url.filter.starts_with("(&(") && url.filter.ends_with("=*))"),
          "a filter finds everybody");
  std::string_view rest = url.uris;
  while (!rest.empty()) {
    const std::string uri(core::next_piece(rest, ' '));
    const bool tls = uri.starts_with("ldaps://");
    require(uri.starts_with("ldapi://") || tls == (url.tls == ldap::Tls::Ldaps),
            "all hosts are asked with TLS or none");
  }
}

void refused(const core::Error& error) {
  require(error.code == core::ErrorCode::Malformed, "what cannot be read is wrong");
  require(!holds_control(error.detail), "a complaint is one line");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  FuzzedDataProvider input(bytes, size);
  constexpr std::array kModes{"", "none", "SSL", "tls", "StartTLS", "other"};
  const char* const mode = input.PickValueInArray(kModes);
  // A directive's argument is a C string.
  std::string text = input.ConsumeRemainingBytesAsString();
  text.resize(std::min(text.find('\0'), text.size()));
  const std::string scheme = "ldap://";
  for (const std::string& url : {text, scheme + text, "ldap:///" + text}) {
    const core::Result<ldap::DirectoryUrl> read = ldap::parse_directory_url(url, mode);
    if (read) {
      fuzz::understood(*read, url);
    } else {
      fuzz::refused(read.error());
    }
  }
  return 0;
}
