// Authorization by mod_authnz_ldap needs the user's DN, also where no provider was asked.
#pragma once

#include "httpd/ldap_functions.h"

namespace epoch::httpd {

// mod_ldap's search; for a request that a session admitted without its provider, what the session
// knows of its user. Returns an LDAP result code. Filters of `Require ldap-filter` come this way
// too, and are put to the directory.
int find_user_dn(const UserQuery& query);

}  // namespace epoch::httpd
