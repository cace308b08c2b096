// mod_ldap's optional functions, and ours in front of two of them: the check of a password and the
// search for a DN. mod_authnz_ldap, its provider aliases and their error codes stay what they are.
#pragma once

#include <httpd.h>

#include <util_ldap.h>

namespace epoch::httpd {

// What stood under these names before us: mod_ldap's own functions, or another module's in front of
// them. All nullptr where mod_ldap is not loaded.
struct LdapFunctions {
  APR_OPTIONAL_FN_TYPE(uldap_cache_checkuserid) * check_user_id = nullptr;
  APR_OPTIONAL_FN_TYPE(uldap_cache_getuserdn) * get_user_dn = nullptr;
  APR_OPTIONAL_FN_TYPE(uldap_connection_open) * connection_open = nullptr;
  APR_OPTIONAL_FN_TYPE(uldap_connection_unbind) * connection_unbind = nullptr;
};

// How mod_authnz_ldap asks for a user. The pointers are the caller's.
struct UserQuery {
  request_rec* r;
  util_ldap_connection_t* ldc;  // held by the caller
  const char* url;
  const char* base;
  int scope;
  char** attributes;  // nullptr, or ended by one
  const char* filter;
  const char** dn;       // out, in the request's pool
  const char*** values;  // out, likewise: one for each attribute
};

}  // namespace epoch::httpd
