// AuthLDAPURL (RFC 4516, and what mod_authnz_ldap makes of it).
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace epoch::ldap {

enum class Tls { None, Ldaps, StartTls };

enum class Scope { OneLevel, Subtree };

struct DirectoryUrl {
  std::string text;       // as given: what account_of() takes
  std::string uris;       // for ldap_initialize(): one a host, in the order of the hosts
  std::string base;       // may be empty: the root
  std::string attribute;  // the one that users are named by: "uid"
  std::string filter;     // finds everybody the URL can find: (&(<filter>)(<attribute>=*))
  Scope scope = Scope::Subtree;
  Tls tls = Tls::None;
};

// Reads the arguments of AuthLDAPURL as mod_authnz_ldap does: `url` is
// ldap[s]://host[:port][ host[:port]...]/base?attribute?scope?filter or ldapi://%2fsocket/..., and
// `mode` is empty, NONE, SSL, TLS or STARTTLS in any case of letters. Of several attributes the
// first names users; without one it is uid. A host without a port has the last host's. Any scope
// but `one` means the subtree. Malformed: a sentence that says what is wrong and what is accepted.
core::Result<DirectoryUrl> parse_directory_url(std::string_view url, std::string_view mode = {});

}  // namespace epoch::ldap
