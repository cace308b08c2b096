#include "httpd/identity.h"

#include <httpd.h>

#include <apr_strings.h>
#include <mod_auth.h>

#include <algorithm>
#include <span>

#include "core/account.h"
#include "core/text.h"

namespace epoch::httpd {
namespace {

static_assert(kAuthenticatePrefix == AUTHN_PREFIX);

// AuthLDAPInitialBindPattern's name for the user.
constexpr std::string_view kBindAsUser = "LDAP_BINDASUSER";

bool is_set_by_providers(std::string_view name) noexcept {
  return name.starts_with(kAuthenticatePrefix) || name == kBindAsUser;
}

char* in_pool(apr_pool_t* pool, std::string_view text) {
  return apr_pstrmemdup(pool, text.data(), text.size());
}

}  // namespace

core::Identity identity_of(const request_rec* r, const Decided& decided) {
  core::Identity identity;
  identity.user = r->user;
  if (decided.found) {
    identity.account = core::account_of(decided.found->directory_url, decided.found->dn);
    identity.dn = decided.found->dn;
  }
  const apr_array_header_t* table = apr_table_elts(r->subprocess_env);
  const std::span variables(reinterpret_cast<const apr_table_entry_t*>(table->elts),
                            static_cast<std::size_t>(table->nelts));
  for (const apr_table_entry_t& variable : variables) {
    if (variable.key == nullptr || !is_set_by_providers(variable.key)) continue;
    identity.variables.emplace_back(variable.key, variable.val == nullptr ? "" : variable.val);
  }
  return identity;
}

void admit_as(request_rec* r, const core::Identity& identity) {
  r->user = in_pool(r->pool, identity.user);
  r->ap_auth_type = in_pool(r->pool, "Basic");
  for (const auto& [name, value] : identity.variables) {
    apr_table_setn(r->subprocess_env, in_pool(r->pool, name), in_pool(r->pool, value));
  }
  remember(r).admitted_as = &identity;
}

const std::string* find_variable(const core::Identity& identity, std::string_view prefix,
                                 std::string_view attribute) {
  const auto found =
      std::find_if(identity.variables.begin(), identity.variables.end(), [&](const auto& variable) {
        const std::string_view name(variable.first);
        return name.starts_with(prefix) &&
               core::equals_ignoring_case(name.substr(prefix.size()), attribute);
      });
  return found == identity.variables.end() ? nullptr : &found->second;
}

}  // namespace epoch::httpd
