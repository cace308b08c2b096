#include "ldap/ldap_errors.h"

#include <ldap.h>

#include "ldap/log.h"

namespace epoch::ldap {
namespace {

// What the administrator can do about it; empty where the code says it all.
std::string_view next_step(int code) {
  switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
      return "; check AuthLDAPBindDN and AuthLDAPBindPassword";
    case LDAP_INSUFFICIENT_ACCESS:
      return "; give AuthLDAPBindDN the right to search there";
    case LDAP_NO_SUCH_OBJECT:
      return "; check the base of AuthLDAPURL, and whether AuthLDAPBindDN may read it";
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
    case LDAP_TIMELIMIT_EXCEEDED:
      return "; raise the directory's limits for AuthLDAPBindDN";
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_STRONG_AUTH_REQUIRED:
      return "; the directory wants TLS: use ldaps:// or TLS in AuthLDAPURL";
    case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
      return "; the database does not offer content synchronisation (OpenLDAP: the overlay "
             "syncprov), use AuthEpochLDAPWatch poll";
    case LDAP_FILTER_ERROR:
      return "; check the filter of AuthLDAPURL";
    default:
      return {};
  }
}

}  // namespace

core::Error ldap_error(int code, std::string_view what, std::string_view diagnostic) {
  std::string text(what);
  text += ": ";
  text += ldap_err2string(code);
  if (!diagnostic.empty()) text += " (" + printable(diagnostic) + ")";
  text += next_step(code);
  return {core::ErrorCode::Unavailable, std::move(text)};
}

}  // namespace epoch::ldap
