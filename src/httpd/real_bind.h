// Asks the directory itself whether a password is right, where mod_ldap would answer from its
// cache.
#pragma once

#include <httpd.h>

#include "httpd/ldap_functions.h"

namespace epoch::httpd {

// What the directory has to say about a user.
enum class Answer {
  Yes,
  No,    // there is no such user, or the user's own bind was refused, for whatever reason
  None,  // it could not be asked
};

struct Checked {
  int result;  // LDAP result code (RFC 4511 section 4.1.9)
  Answer answer;
};

// A result that says nothing about a user: the server is lost, slow, or has no time.
bool is_outage(int result) noexcept;

// Searches for the user over mod_ldap's connection and binds as the one entry that is found: a
// cached DN may be of an entry that has been renamed, or no longer matches the filter. Gives the
// result codes that mod_ldap gives for the same (no entry or several: LDAP_NO_SUCH_OBJECT), says in
// ldc->reason what it means, and sets DN and values where it succeeds. LDAPRetries, LDAPRetryDelay,
// LDAPTimeout and LDAPConnectionTimeout apply. Leaves the connection fit for mod_ldap's pool.
Checked bind_as_user(const UserQuery& query, const char* password, const LdapFunctions& ldap);

}  // namespace epoch::httpd
