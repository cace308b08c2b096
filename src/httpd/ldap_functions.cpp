#include "httpd/ldap_functions.h"

#include <httpd.h>

#include <http_config.h>
#include <http_main.h>

#include "httpd/boundary.h"
#include "httpd/config.h"
#include "httpd/password_check.h"
#include "httpd/process.h"
#include "httpd/user_search.h"

namespace {

constexpr const char* kCheckUserId = "uldap_cache_checkuserid";
constexpr const char* kGetUserDn = "uldap_cache_getuserdn";

}  // namespace

using namespace epoch::httpd;  // NOLINT: the functions below are the C face of this file

extern "C" {

static int epoch_check_user_id(request_rec* r, util_ldap_connection_t* ldc, const char* url,
                               const char* base, int scope, char** attributes, const char* filter,
                               const char* password, const char** dn, const char*** values) {
  const UserQuery query{r, ldc, url, base, scope, attributes, filter, dn, values};
  return guarded(r, static_cast<int>(LDAP_OTHER), [&] { return check_password(query, password); });
}

static int epoch_get_user_dn(request_rec* r, util_ldap_connection_t* ldc, const char* url,
                             const char* base, int scope, char** attributes, const char* filter,
                             const char** dn, const char*** values) {
  const UserQuery query{r, ldc, url, base, scope, attributes, filter, dn, values};
  return guarded(r, static_cast<int>(LDAP_OTHER), [&] { return find_user_dn(query); });
}

}  // extern "C"

void epoch_wrap_ldap_functions(void) {
  guarded(ap_server_conf, false, [] {
    LdapFunctions ldap;
    ldap.check_user_id = APR_RETRIEVE_OPTIONAL_FN(uldap_cache_checkuserid);
    ldap.get_user_dn = APR_RETRIEVE_OPTIONAL_FN(uldap_cache_getuserdn);
    ldap.connection_open = APR_RETRIEVE_OPTIONAL_FN(uldap_connection_open);
    ldap.connection_unbind = APR_RETRIEVE_OPTIONAL_FN(uldap_connection_unbind);
    if (ldap.check_user_id == nullptr || ldap.get_user_dn == nullptr ||
        ldap.connection_open == nullptr || ldap.connection_unbind == nullptr) {
      return false;
    }
    process_of(ap_server_conf).ldap = ldap;
    apr_dynamic_fn_register(kCheckUserId, reinterpret_cast<apr_opt_fn_t*>(epoch_check_user_id));
    apr_dynamic_fn_register(kGetUserDn, reinterpret_cast<apr_opt_fn_t*>(epoch_get_user_dn));
    return true;
  });
}
