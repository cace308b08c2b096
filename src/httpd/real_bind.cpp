#include "httpd/real_bind.h"

#include <httpd.h>

#include <apr_strings.h>
#include <ldap.h>

#include <cstring>
#include <memory>

namespace epoch::httpd {
namespace {

struct MessageDeleter {
  void operator()(LDAPMessage* message) const noexcept { ldap_msgfree(message); }
};
using MessageHandle = std::unique_ptr<LDAPMessage, MessageDeleter>;

struct LdapMemoryDeleter {
  void operator()(char* memory) const noexcept { ldap_memfree(memory); }
};

bool is_lost(int result) noexcept {
  return AP_LDAP_IS_SERVER_DOWN(result) || result == LDAP_TIMEOUT;
}

int last_error(LDAP* ldap) noexcept {
  int result = LDAP_OTHER;
  ldap_get_option(ldap, LDAP_OPT_RESULT_CODE, &result);
  return result;
}

int find_user(request_rec* r, util_ldap_connection_t* ldc, const UserSearch& search,
              const char** dn) {
  // No attributes: mod_authnz_ldap has their values from mod_ldap already.
  char nothing[] = LDAP_NO_ATTRS;
  char* attributes[] = {nothing, nullptr};
  LDAPMessage* raw = nullptr;
  const int result =
      ldap_search_ext_s(ldc->ldap, search.base, search.scope, search.filter, attributes, 0, nullptr,
                        nullptr, ldc->st->opTimeout, LDAP_NO_LIMIT, &raw);
  const MessageHandle found(raw);
  if (result != LDAP_SUCCESS) {
    ldc->reason = "the search for the user failed";
    return result;
  }
  ldc->last_backend_conn = r->request_time;
  if (ldap_count_entries(ldc->ldap, found.get()) != 1) {
    ldc->reason = "the search did not find exactly one user";
    return LDAP_NO_SUCH_OBJECT;
  }
  const std::unique_ptr<char, LdapMemoryDeleter> name(
      ldap_get_dn(ldc->ldap, ldap_first_entry(ldc->ldap, found.get())));
  if (name == nullptr) return last_error(ldc->ldap);
  *dn = apr_pstrdup(r->pool, name.get());
  return LDAP_SUCCESS;
}

int bind(request_rec* r, util_ldap_connection_t* ldc, const char* dn, const char* password) {
  // A bind with an empty password is anonymous and always succeeds (RFC 4513 section 5.1.2).
  if (*password == '\0') {
    ldc->reason = "an empty password is not accepted";
    return LDAP_INVALID_CREDENTIALS;
  }
  berval credentials{};
  credentials.bv_val = const_cast<char*>(password);  // libldap only reads it
  credentials.bv_len = std::strlen(password);
  int message_id = 0;
  int result =
      ldap_sasl_bind(ldc->ldap, dn, LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, &message_id);
  if (result != LDAP_SUCCESS) {
    ldc->reason = "the bind as the user could not be sent";
    return result;
  }
  LDAPMessage* raw = nullptr;
  const int type = ldap_result(ldc->ldap, message_id, LDAP_MSG_ALL, ldc->st->opTimeout, &raw);
  const MessageHandle answer(raw);
  if (type <= 0) {
    ldc->reason = "the bind as the user was not answered";
    return type == 0 ? LDAP_TIMEOUT : last_error(ldc->ldap);
  }
  if (ldap_parse_result(ldc->ldap, answer.get(), &result, nullptr, nullptr, nullptr, nullptr, 0) !=
      LDAP_SUCCESS) {
    return last_error(ldc->ldap);
  }
  ldc->last_backend_conn = r->request_time;
  if (result != LDAP_SUCCESS) ldc->reason = "the bind as the user failed";
  return result;
}

}  // namespace

int bind_as_user(request_rec* r, const LdapFunctions& ldap, util_ldap_connection_t* ldc,
                 const UserSearch& search, const char* password, const char** dn) {
  int result = LDAP_SERVER_DOWN;
  for (int tries = 0; tries <= ldc->st->retries; ++tries) {
    if (tries > 0 && ldc->st->retry_delay > 0) apr_sleep(ldc->st->retry_delay);
    // Does nothing where the connection is open and bound as it should be; tries again by itself.
    result = ldap.connection_open(r, ldc);
    if (result != LDAP_SUCCESS) return result;
    result = find_user(r, ldc, search, dn);
    // Also where the connection is bound as this user already (AuthLDAPInitialBindAsUser): that may
    // have been with yesterday's password.
    if (result == LDAP_SUCCESS) result = bind(r, ldc, *dn, password);
    if (result == LDAP_SUCCESS) {
      // Bound as the user now: whoever takes it out of the pool next must bind as themselves.
      ldc->must_rebind = 1;
      ldc->reason = "Authentication successful (confirmed by a bind)";
      return result;
    }
    if (result == LDAP_NO_SUCH_OBJECT) return result;
    ldap.connection_unbind(ldc);
    if (!is_lost(result)) return result;
  }
  return result;
}

}  // namespace epoch::httpd
