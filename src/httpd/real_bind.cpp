#include "httpd/real_bind.h"

#include <httpd.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <ldap.h>

#include <cstring>
#include <string>

#include "ldap/ldap_handles.h"

namespace epoch::httpd {
namespace {

int last_error(LDAP* ldap) noexcept {
  int result = LDAP_OTHER;
  ldap_get_option(ldap, LDAP_OPT_RESULT_CODE, &result);
  return result;
}

// As mod_ldap hands an attribute over: several values with semicolons between them, nullptr for
// none.
const char* value_of(const UserQuery& query, LDAPMessage* entry, const char* attribute) {
  const ldap::ValuesHandle values(ldap_get_values_len(query.ldc->ldap, entry, attribute));
  if (values == nullptr || values.get()[0] == nullptr) return nullptr;
  std::string all;
  for (berval** value = values.get(); *value != nullptr; ++value) {
    if (value != values.get()) all += "; ";
    all.append((*value)->bv_val, (*value)->bv_len);
  }
  return apr_pstrmemdup(query.r->pool, all.data(), all.size());
}

const char** values_of(const UserQuery& query, LDAPMessage* entry) {
  std::size_t count = 0;
  while (query.attributes != nullptr && query.attributes[count] != nullptr) ++count;
  auto** values =
      static_cast<const char**>(apr_pcalloc(query.r->pool, (count + 1) * sizeof(char*)));
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = value_of(query, entry, query.attributes[i]);
  }
  return values;
}

Checked find_user(const UserQuery& query) {
  util_ldap_connection_t* ldc = query.ldc;
  LDAPMessage* raw = nullptr;
  const int result =
      ldap_search_ext_s(ldc->ldap, query.base, query.scope, query.filter, query.attributes, 0,
                        nullptr, nullptr, ldc->st->opTimeout, LDAP_NO_LIMIT, &raw);
  const ldap::MessageHandle found(raw);
  if (result != LDAP_SUCCESS) {
    ldc->reason = "the search for the user failed";
    return {.result = result, .answer = Answer::None};
  }
  ldc->last_backend_conn = query.r->request_time;
  if (ldap_count_entries(ldc->ldap, found.get()) != 1) {
    ldc->reason = "the search did not find exactly one user";
    return {.result = LDAP_NO_SUCH_OBJECT, .answer = Answer::No};
  }
  LDAPMessage* entry = ldap_first_entry(ldc->ldap, found.get());
  const ldap::TextHandle name(ldap_get_dn(ldc->ldap, entry));
  if (name == nullptr) return {.result = last_error(ldc->ldap), .answer = Answer::None};
  *query.dn = apr_pstrdup(query.r->pool, name.get());
  *query.values = values_of(query, entry);
  return {.result = LDAP_SUCCESS, .answer = Answer::Yes};
}

Checked bind(const UserQuery& query, const char* password) {
  util_ldap_connection_t* ldc = query.ldc;
  // A bind with an empty password is anonymous and always succeeds (RFC 4513 section 5.1.2).
  if (*password == '\0') {
    ldc->reason = "an empty password is not accepted";
    return {.result = LDAP_INVALID_CREDENTIALS, .answer = Answer::No};
  }
  berval credentials{};
  credentials.bv_val = const_cast<char*>(password);  // libldap only reads it
  credentials.bv_len = std::strlen(password);
  int message_id = 0;
  int result = ldap_sasl_bind(ldc->ldap, *query.dn, LDAP_SASL_SIMPLE, &credentials, nullptr,
                              nullptr, &message_id);
  if (result != LDAP_SUCCESS) {
    ldc->reason = "the bind as the user could not be sent";
    return {.result = result, .answer = Answer::None};
  }
  LDAPMessage* raw = nullptr;
  const int type = ldap_result(ldc->ldap, message_id, LDAP_MSG_ALL, ldc->st->opTimeout, &raw);
  const ldap::MessageHandle message(raw);
  if (type <= 0) {
    ldc->reason = "the bind as the user was not answered";
    return {.result = type == 0 ? LDAP_TIMEOUT : last_error(ldc->ldap), .answer = Answer::None};
  }
  if (ldap_parse_result(ldc->ldap, message.get(), &result, nullptr, nullptr, nullptr, nullptr, 0) !=
      LDAP_SUCCESS) {
    return {.result = last_error(ldc->ldap), .answer = Answer::None};
  }
  ldc->last_backend_conn = query.r->request_time;
  if (result == LDAP_SUCCESS) return {.result = result, .answer = Answer::Yes};
  ldc->reason = "the bind as the user failed";
  return {.result = result, .answer = is_outage(result) ? Answer::None : Answer::No};
}

}  // namespace

bool is_outage(int result) noexcept {
  return AP_LDAP_IS_SERVER_DOWN(result) || result == LDAP_TIMEOUT || result == LDAP_BUSY ||
         result == LDAP_UNAVAILABLE || result == LDAP_CONNECT_ERROR;
}

Checked bind_as_user(const UserQuery& query, const char* password, const LdapFunctions& ldap) {
  util_ldap_connection_t* ldc = query.ldc;
  Checked checked{.result = LDAP_SERVER_DOWN, .answer = Answer::None};
  for (int tries = 0; tries <= ldc->st->retries; ++tries) {
    if (tries > 0 && ldc->st->retry_delay > 0) apr_sleep(ldc->st->retry_delay);
    // Does nothing where the connection is open and bound as it should be; tries again by itself.
    const int opened = ldap.connection_open(query.r, ldc);
    if (opened != LDAP_SUCCESS) return {.result = opened, .answer = Answer::None};
    checked = find_user(query);
    if (checked.answer == Answer::No) return checked;  // the connection is as it was
    // Also where the connection is bound as this user already (AuthLDAPInitialBindAsUser): that may
    // have been with yesterday's password.
    if (checked.answer == Answer::Yes) checked = bind(query, password);
    if (checked.answer == Answer::Yes) {
      // Bound as the user now: whoever takes it out of the pool next must bind as themselves.
      ldc->must_rebind = 1;
      ldc->reason = "Authentication successful (confirmed by a bind)";
      return checked;
    }
    ldap.connection_unbind(ldc);
    if (!is_outage(checked.result)) return checked;
  }
  return checked;
}

}  // namespace epoch::httpd
