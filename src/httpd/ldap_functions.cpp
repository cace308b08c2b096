#include "httpd/ldap_functions.h"

#include <httpd.h>

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_main.h>

#include <string>

#include "core/text.h"
#include "httpd/boundary.h"
#include "httpd/exchange.h"
#include "httpd/identity.h"
#include "httpd/process.h"
#include "httpd/real_bind.h"
#include "httpd/shared_verifications.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

constexpr const char* kCheckUserId = "uldap_cache_checkuserid";
constexpr const char* kGetUserDn = "uldap_cache_getuserdn";

// One call of mod_authnz_ldap's.
struct Check {
  request_rec* r;
  util_ldap_connection_t* ldc;
  const char* url;
  UserSearch search;
  char** attributes;
  const char* password;
  const char** dn;
  const char*** values;
};

int ask_mod_ldap(const Check& check, const LdapFunctions& ldap) {
  return ldap.check_user_id(check.r, check.ldc, check.url, check.search.base, check.search.scope,
                            check.attributes, check.search.filter, check.password, check.dn,
                            check.values);
}

// mod_ldap says in words whether it asked the directory. Whatever else stands there, "(cached)" or
// another module's words, is confirmed.
bool asked_the_directory(const util_ldap_connection_t* ldc) noexcept {
  return ldc->reason != nullptr && std::string_view(ldc->reason) == "Authentication successful";
}

// A refusal of the password or of the account, as mod_authnz_ldap has it; anything else says that
// the directory could not do its work.
bool is_a_no(int result) noexcept {
  return LDAP_SECURITY_ERROR(result) || result == LDAP_NO_SUCH_OBJECT ||
         result == LDAP_CONSTRAINT_VIOLATION;
}

// The same person's same answer, put to the same directory in the same way.
core::Hash256 name_of(const Check& check, const core::Hash256& answer) {
  const char* bind_dn = check.ldc->binddn;
  return core::sha256({core::bytes_of("verification"), answer, core::bytes_of(check.url),
                       core::bytes_of(check.search.base == nullptr ? "" : check.search.base),
                       core::bytes_of(check.search.filter),
                       core::bytes_of(std::to_string(check.search.scope)),
                       core::bytes_of(bind_dn == nullptr ? "" : bind_dn)});
}

int verify(const Check& check, const LdapFunctions& ldap) {
  const int result = ask_mod_ldap(check, ldap);
  if (result != LDAP_SUCCESS || asked_the_directory(check.ldc)) return result;
  return bind_as_user(check.r, ldap, check.ldc, check.search, check.password, check.dn);
}

// Gives the others an answer whatever happens.
class Asking {
 public:
  Asking(SharedVerifications& shared, const core::Hash256& name) : shared_(shared), name_(name) {}
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    using Worth = SharedVerifications::Worth;
    const bool is_answer = result_ == LDAP_SUCCESS || is_a_no(result_);
    shared_.finish(name_, result_, is_answer ? Worth::ForAMoment : Worth::ForTheWaiting);
  }
  int done(int result) noexcept { return result_ = result; }

 private:
  SharedVerifications& shared_;
  const core::Hash256 name_;
  int result_ = LDAP_OTHER;
};

int verify_once(const Check& check, const LdapFunctions& ldap, SharedVerifications& shared,
                const core::Hash256& answer) {
  const core::Hash256 name = name_of(check, answer);
  const Earlier earlier = shared.join(name);
  switch (earlier.known) {
    case Known::Nothing:
      break;
    case Known::Succeeded:
      return ask_mod_ldap(check, ldap);  // which has the other's answer in its cache
    case Known::Failed:
      check.ldc->reason = "the same was asked by another request, and refused";
      return earlier.result;
  }
  Asking asking(shared, name);
  return asking.done(verify(check, ldap));
}

int check_user_id(const Check& check) {
  const Process& process = process_of(check.r->server);
  Decided* decided = decided_of(check.r);
  if (decided == nullptr) return ask_mod_ldap(check, process.ldap);
  const int result = decided->must_ask ? verify_once(check, process.ldap, *process.verifications,
                                                     *decided->must_ask)
                                       : ask_mod_ldap(check, process.ldap);
  if (result == LDAP_SUCCESS) {
    // The text of AuthLDAPURL, which the watcher has too; in an alias, the alias's.
    const std::string_view url = dir_config_of(check.r).ldap_url.value_or(check.url);
    decided->found = FoundEntry{.directory_url = std::string(url), .dn = *check.dn};
  } else if (!is_a_no(result)) {
    decided->directory_failed = true;
  }
  return result;
}

// Whether this is the search for the user. `Require ldap-filter` and `ldap-search` come by the same
// function, with filters of their own, and must be put to the directory.
bool searches_for_the_user(request_rec* r, std::string_view filter) {
  const DirConfig& config = dir_config_of(r);
  if (!config.ldap_filter_before || r->user == nullptr) return false;
  std::string expected(*config.ldap_filter_before);
  for (const char* c = r->user; *c != '\0'; ++c) {
    if (std::string_view("*()\\").find(*c) != std::string_view::npos) expected += '\\';
    expected += *c;
  }
  expected += *config.ldap_filter_after;
  return filter == expected;
}

// The values of a user whom the directory verified earlier, as mod_authnz_ldap asks for them in
// authorization; nullptr where one of them is not known.
const char** values_for(request_rec* r, const core::Identity& identity, char** attributes) {
  std::size_t count = 0;
  while (attributes != nullptr && attributes[count] != nullptr) ++count;
  auto** values = static_cast<const char**>(apr_pcalloc(r->pool, (count + 1) * sizeof(char*)));
  for (std::size_t i = 0; i < count; ++i) {
    const std::string* value = find_variable(identity, kAuthenticatePrefix, attributes[i]);
    if (value == nullptr) return nullptr;
    if (!value->empty()) values[i] = apr_pstrmemdup(r->pool, value->data(), value->size());
  }
  return values;
}

// A session's DN and values in place of a search, where they are known and this is the search for
// its user.
bool answer_from_session(request_rec* r, char** attributes, const char* filter, const char** dn,
                         const char*** values) {
  const Remembered* remembered = remembered_of(r);
  const core::Identity* identity = remembered == nullptr ? nullptr : remembered->admitted_as;
  if (identity == nullptr || identity->dn.empty() || !searches_for_the_user(r, filter))
    return false;
  const char* authorization = apr_table_get(r->headers_in, "Authorization");
  const std::optional<core::Credentials> credentials =
      core::parse_basic_credentials(authorization == nullptr ? "" : authorization);
  const char** known = values_for(r, *identity, attributes);
  if (!credentials || known == nullptr) return false;
  *values = known;
  *dn = apr_pstrmemdup(r->pool, identity->dn.data(), identity->dn.size());
  // mod_authnz_ldap goes on with the name it finds here, as with the one that was typed, and then
  // puts AuthLDAPRemoteUserAttribute's in its place.
  const std::string_view typed = credentials->user();
  r->user = apr_pstrmemdup(r->pool, typed.data(), typed.size());
  return true;
}

}  // namespace
}  // namespace epoch::httpd

extern "C" {

static int epoch_check_user_id(request_rec* r, util_ldap_connection_t* ldc, const char* url,
                               const char* base, int scope, char** attributes, const char* filter,
                               const char* password, const char** dn, const char*** values) {
  using namespace epoch::httpd;  // NOLINT: the C face of this file
  const Check check{r, ldc, url, {base, scope, filter}, attributes, password, dn, values};
  return guarded(r, static_cast<int>(LDAP_OTHER), [&] { return check_user_id(check); });
}

// Authorization by mod_authnz_ldap needs the DN, also where the provider was not asked.
static int epoch_get_user_dn(request_rec* r, util_ldap_connection_t* ldc, const char* url,
                             const char* base, int scope, char** attributes, const char* filter,
                             const char** dn, const char*** values) {
  using namespace epoch::httpd;  // NOLINT
  return guarded(r, static_cast<int>(LDAP_OTHER), [&] {
    if (answer_from_session(r, attributes, filter, dn, values)) {
      ldc->reason = "known since the session was verified";
      return static_cast<int>(LDAP_SUCCESS);
    }
    return process_of(r->server).ldap.get_user_dn(r, ldc, url, base, scope, attributes, filter, dn,
                                                  values);
  });
}

}  // extern "C"

void epoch_wrap_ldap_functions(void) {
  using namespace epoch::httpd;  // NOLINT
  guarded(ap_server_conf, false, [] {
    LdapFunctions& ldap = process_of(ap_server_conf).ldap;
    ldap.check_user_id = APR_RETRIEVE_OPTIONAL_FN(uldap_cache_checkuserid);
    ldap.get_user_dn = APR_RETRIEVE_OPTIONAL_FN(uldap_cache_getuserdn);
    ldap.connection_open = APR_RETRIEVE_OPTIONAL_FN(uldap_connection_open);
    ldap.connection_unbind = APR_RETRIEVE_OPTIONAL_FN(uldap_connection_unbind);
    if (ldap.check_user_id == nullptr || ldap.get_user_dn == nullptr ||
        ldap.connection_open == nullptr || ldap.connection_unbind == nullptr) {
      return false;
    }
    apr_dynamic_fn_register(kCheckUserId, reinterpret_cast<apr_opt_fn_t*>(epoch_check_user_id));
    apr_dynamic_fn_register(kGetUserDn, reinterpret_cast<apr_opt_fn_t*>(epoch_get_user_dn));
    return true;
  });
}
