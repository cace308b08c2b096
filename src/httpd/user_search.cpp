#include "httpd/user_search.h"

#include <httpd.h>

#include <apr_strings.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/credentials.h"
#include "httpd/config.h"
#include "httpd/exchange.h"
#include "httpd/identity.h"
#include "httpd/process.h"

namespace epoch::httpd {
namespace {

bool take_off(std::string_view beginning, std::string_view& text) noexcept {
  if (!text.starts_with(beginning)) return false;
  text.remove_prefix(beginning.size());
  return true;
}

// Whether this is the search for the user, as mod_authnz_ldap words it.
bool searches_for_the_user(const UserQuery& query) {
  const DirConfig& config = dir_config_of(query.r);
  if (!config.ldap_filter_before || query.r->user == nullptr) return false;
  std::string_view rest(query.filter);
  if (!take_off(*config.ldap_filter_before, rest)) return false;
  for (const char* c = query.r->user; *c != '\0'; ++c) {
    const bool is_escaped = std::string_view("*()\\").find(*c) != std::string_view::npos;
    if (is_escaped && !take_off("\\", rest)) return false;
    if (!take_off(std::string_view(c, 1), rest)) return false;
  }
  return rest == *config.ldap_filter_after;
}

// The values that mod_authnz_ldap asks for; nullptr for one that is not known, as for one that the
// entry does not have.
const char** values_for(const UserQuery& query, const core::Identity& identity) {
  apr_pool_t* pool = query.r->pool;
  std::size_t count = 0;
  while (query.attributes != nullptr && query.attributes[count] != nullptr) ++count;
  auto** values = static_cast<const char**>(apr_pcalloc(pool, (count + 1) * sizeof(char*)));
  for (std::size_t i = 0; i < count; ++i) {
    const std::string* value = find_variable(identity, kAuthenticatePrefix, query.attributes[i]);
    if (value != nullptr && !value->empty()) {
      values[i] = apr_pstrmemdup(pool, value->data(), value->size());
    }
  }
  return values;
}

void answer_from_session(const UserQuery& query, const core::Identity& identity,
                         std::string_view typed_user) {
  apr_pool_t* pool = query.r->pool;
  *query.values = values_for(query, identity);
  *query.dn = apr_pstrmemdup(pool, identity.dn.data(), identity.dn.size());
  query.ldc->reason = "known since the session was verified";
  // mod_authnz_ldap goes on with the name it finds here, as with the one that was typed, and then
  // puts AuthLDAPRemoteUserAttribute's in its place.
  query.r->user = apr_pstrmemdup(pool, typed_user.data(), typed_user.size());
}

}  // namespace

int find_user_dn(const UserQuery& query) {
  Remembered* remembered = remembered_of(query.r);
  const core::Identity* identity = remembered == nullptr ? nullptr : remembered->admitted_as;
  if (identity == nullptr || identity->dn.empty() || remembered->dn_is_given) {
    return process_of(query.r->server)
        .ldap.get_user_dn(query.r, query.ldc, query.url, query.base, query.scope, query.attributes,
                          query.filter, query.dn, query.values);
  }
  const char* authorization = apr_table_get(query.r->headers_in, "Authorization");
  const std::optional<core::Credentials> credentials =
      core::parse_basic_credentials(authorization == nullptr ? "" : authorization);
  // The first search of a request is for the user. One that we do not know as such would find
  // whoever has the name by which httpd knows this user: somebody else, perhaps.
  if (!credentials || !searches_for_the_user(query)) {
    query.ldc->reason = "not the search by which the session's user was found";
    return LDAP_NO_SUCH_OBJECT;
  }
  answer_from_session(query, *identity, credentials->user());
  remembered->dn_is_given = true;
  return LDAP_SUCCESS;
}

}  // namespace epoch::httpd
