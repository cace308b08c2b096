// Asks the directory itself whether a password is right, where mod_ldap would answer from its
// cache.
#pragma once

#include <httpd.h>

#include "httpd/ldap_functions.h"

namespace epoch::httpd {

// Where to look for the user, as mod_authnz_ldap says it.
struct UserSearch {
  const char* base;
  int scope;
  const char* filter;
};

// Searches for the user over mod_ldap's connection `ldc`, which the caller holds, and binds as the
// one entry that is found: a cached DN may be of an entry that has been renamed, or no longer
// matches the filter. Returns an LDAP result code, the ones that mod_ldap gives for the same
// (RFC 4511 section 4.1.9; no entry or several: LDAP_NO_SUCH_OBJECT), says in ldc->reason what it
// means, and sets `dn`, in the request's pool, where it succeeds. LDAPRetries, LDAPRetryDelay,
// LDAPTimeout and LDAPConnectionTimeout apply. Leaves the connection fit for mod_ldap's pool.
int bind_as_user(request_rec* r, const LdapFunctions& ldap, util_ldap_connection_t* ldc,
                 const UserSearch& search, const char* password, const char** dn);

}  // namespace epoch::httpd
