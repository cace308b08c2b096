// The check of a password, as mod_authnz_ldap asks mod_ldap for it.
#pragma once

#include "httpd/ldap_functions.h"

namespace epoch::httpd {

// Where the request's decision insists (Decided::must_ask), a yes is the directory's own, given by
// a bind, and requests with the same typed answer share it, right or wrong. Elsewhere mod_ldap
// answers as always. Returns an LDAP result code, and notes in the decision what it means: the
// entry that was found, a no, or a directory that could not be asked.
int check_password(const UserQuery& query, const char* password);

}  // namespace epoch::httpd
