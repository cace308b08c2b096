// TLS for one handle of libldap.
#pragma once

#include <ldap.h>

namespace epoch::ldap {

// Gives the handle a TLS context of its own with the authorities, certificate, ciphers and versions
// that are set for the whole process, and verification as asked. libldap's code.
int prepare_tls(LDAP* ldap, bool verify_certificate);

}  // namespace epoch::ldap
