#include "ldap/tls_options.h"

#include <initializer_list>

#include "ldap/ldap_handles.h"

namespace epoch::ldap {
namespace {

// A new handle inherits the process's context, not the names it was made from; a context of its own
// takes these.
void inherit_text(LDAP* ldap, int option) {
  char* text = nullptr;
  ldap_get_option(nullptr, option, &text);
  const TextHandle owned(text);
  if (owned) ldap_set_option(ldap, option, owned.get());
}

void inherit_number(LDAP* ldap, int option) {
  int number = 0;
  if (ldap_get_option(nullptr, option, &number) == LDAP_OPT_SUCCESS && number != 0) {
    ldap_set_option(ldap, option, &number);
  }
}

}  // namespace

int prepare_tls(LDAP* ldap, bool verify_certificate) {
  for (const int option :
       {LDAP_OPT_X_TLS_CACERTFILE, LDAP_OPT_X_TLS_CACERTDIR, LDAP_OPT_X_TLS_CERTFILE,
        LDAP_OPT_X_TLS_KEYFILE, LDAP_OPT_X_TLS_CIPHER_SUITE, LDAP_OPT_X_TLS_CRLFILE}) {
    inherit_text(ldap, option);
  }
  for (const int option : {LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_CRLCHECK}) {
    inherit_number(ldap, option);
  }
  const int wanted = verify_certificate ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
  const int set = ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &wanted);
  if (set != LDAP_OPT_SUCCESS) return LDAP_LOCAL_ERROR;
  const int is_server = 0;
  return ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &is_server) == LDAP_OPT_SUCCESS
             ? LDAP_SUCCESS
             : LDAP_CONNECT_ERROR;
}

}  // namespace epoch::ldap
