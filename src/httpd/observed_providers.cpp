// Who checks passwords: the directives that the fingerprint is made of, and what else about them
// bears on AuthEpochRevalidate and AuthEpochLDAPWatch.
#include <httpd.h>

#include <apr_ldap.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_main.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/text.h"
#include "httpd/config.h"
#include "httpd/observed.h"

namespace epoch::httpd {
namespace {

// httpd's own: of these we see every directive.
bool is_stock_provider(std::string_view name) {
  constexpr std::string_view kStock[] = {"file", "dbm", "dbd", "anon", "socache", "ldap"};
  return std::find(std::begin(kStock), std::end(kStock), name) != std::end(kStock);
}

// Aliases are httpd's, not a virtual host's, and stand before whatever names them.
std::vector<ProviderAlias>& provider_aliases() {
  return server_config_of(ap_server_conf).provider_aliases;
}

const ProviderAlias* find_alias(std::string_view name) {
  const std::vector<ProviderAlias>& aliases = provider_aliases();
  // The last counts, as in mod_authn_core.
  const auto found =
      std::find_if(aliases.rbegin(), aliases.rend(),
                   [name](const ProviderAlias& alias) { return alias.name == name; });
  return found == aliases.rend() ? nullptr : &*found;
}

void add_to_verifier(DirConfig& config, std::string_view directive, core::Bytes what) {
  const core::Verifier before = config.verifier.value_or(core::Verifier{});
  config.verifier = core::verifier_of(core::sha256(
      {core::bytes_of("provider directive"), before, core::bytes_of(directive), what}));
}

bool is_bind_password(const ap_directive_t* directive) {
  return core::equals_ignoring_case(directive->directive, "AuthLDAPBindPassword");
}

// These need mod_authnz_ldap to have verified the password itself.
bool ties_authorization(const ap_directive_t* directive) {
  constexpr std::string_view kThese[] = {"AuthLDAPSearchAsUser", "AuthLDAPCompareAsUser",
                                         "AuthLDAPRemoteUserIsDN"};
  return std::any_of(std::begin(kThese), std::end(kThese),
                     [&](std::string_view name) {
                       return core::equals_ignoring_case(directive->directive, name);
                     }) &&
         core::equals_ignoring_case(core::trimmed(directive->args), "on");
}

// Everything that stands in a container, but for the password to the directory: as in sections, a
// new one changes nothing about who checks the users'.
void read_alias(apr_pool_t* pool, const ap_directive_t* first, ProviderAlias& alias) {
  for (const ap_directive_t* each = first; each != nullptr; each = each->next) {
    const char* arguments = is_bind_password(each) ? "" : each->args;
    alias.fingerprint = core::sha256({core::bytes_of("alias directive"), alias.fingerprint,
                                      core::bytes_of(each->directive), core::bytes_of(arguments)});
    alias.authorization_needs_provider =
        alias.authorization_needs_provider || ties_authorization(each);
    if (core::equals_ignoring_case(each->directive, "AuthLDAPURL")) {
      alias.ldap_url = ap_getword_conf(pool, &arguments);
    }
    read_alias(pool, each->first_child, alias);
  }
}

// The URL's attributes become variables, which sessions keep; a password must not be among them.
bool asks_for_passwords(const apr_ldap_url_desc_t& url) {
  for (char** attribute = url.lud_attrs; attribute != nullptr && *attribute != nullptr;
       ++attribute) {
    if (core::equals_ignoring_case(*attribute, "userPassword")) return true;
  }
  return false;
}

// As mod_authnz_ldap makes the filter that finds a user out of its URL.
void read_user_filter(apr_pool_t* pool, const char* url, DirConfig& config) {
  apr_ldap_url_desc_t* parsed = nullptr;
  apr_ldap_err_t* error = nullptr;
  if (apr_ldap_url_parse(pool, url, &parsed, &error) != APR_SUCCESS || parsed == nullptr) return;
  if (asks_for_passwords(*parsed)) config.authorization_needs_provider = true;
  const char* attribute = parsed->lud_attrs == nullptr || parsed->lud_attrs[0] == nullptr
                              ? "uid"
                              : parsed->lud_attrs[0];
  std::string_view filter = parsed->lud_filter == nullptr ? "objectclass=*" : parsed->lud_filter;
  if (filter.starts_with('(')) filter = filter.substr(1, filter.size() - 2);
  const bool has_none = filter.empty() || core::equals_ignoring_case(filter, "none");
  config.ldap_filter_before = has_none ? apr_pstrcat(pool, "(", attribute, "=", nullptr)
                                       : apr_pstrcat(pool, "(&(", std::string(filter).c_str(), ")(",
                                                     attribute, "=", nullptr);
  config.ldap_filter_after = has_none ? ")" : "))";
}

// mod_authnz_ldap's in a container, at any depth.
bool uses_ldap(const ap_directive_t* first) {
  for (const ap_directive_t* each = first; each != nullptr; each = each->next) {
    const std::string_view name(each->directive);
    if (core::equals_ignoring_case(name.substr(0, 8), "AuthLDAP")) return true;
    if (uses_ldap(each->first_child)) return true;
  }
  return false;
}

}  // namespace
}  // namespace epoch::httpd

using namespace epoch::httpd;  // NOLINT: the functions below are the C face of this file
namespace core = epoch::core;

const char* epoch_observe_provider(cmd_parms* cmd, void* dir, const char* args) {
  return observe(
      cmd, [&] { add_to_verifier(dir_config_of(dir), cmd->cmd->name, core::bytes_of(args)); });
}

const char* epoch_observe_basic_provider(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    DirConfig& config = dir_config_of(dir);
    add_to_verifier(config, cmd->cmd->name, core::bytes_of(args));
    config.providers_are_known = true;
    while (*args != '\0') {
      const std::string name = ap_getword_conf(cmd->temp_pool, &args);
      const ProviderAlias* alias = find_alias(name);
      if (alias == nullptr) {
        config.providers_are_known = *config.providers_are_known && is_stock_provider(name);
        continue;
      }
      add_to_verifier(config, alias->name, alias->fingerprint);
      config.providers_are_known = *config.providers_are_known && alias->is_known;
      if (alias->authorization_needs_provider) config.authorization_needs_provider = true;
      if (!alias->ldap_url.empty()) {
        const std::string_view url(alias->ldap_url);
        const bool is_another = config.alias_ldap_url && *config.alias_ldap_url != url;
        config.alias_ldap_url =
            is_another ? std::string_view("several")
                       : std::string_view(apr_pstrmemdup(cmd->pool, url.data(), url.size()));
      }
    }
  });
}

const char* epoch_observe_provider_alias(cmd_parms* cmd, void* /*dir*/, const char* args) {
  return observe(cmd, [&] {
    ProviderAlias alias{};
    const std::string provider = ap_getword_conf(cmd->temp_pool, &args);
    alias.name = ap_getword_conf(cmd->temp_pool, &args);
    if (alias.name.ends_with('>')) alias.name.pop_back();
    alias.is_known = is_stock_provider(provider);
    alias.fingerprint = core::sha256({core::bytes_of("provider alias"), core::bytes_of(provider)});
    read_alias(cmd->temp_pool, cmd->directive->first_child, alias);
    provider_aliases().push_back(std::move(alias));
  });
}

const char* epoch_observe_ldap_user(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    DirConfig& config = dir_config_of(dir);
    add_to_verifier(config, cmd->cmd->name, core::bytes_of(args));
    if (core::equals_ignoring_case(first_word(cmd, args), "on"))
      config.authorization_needs_provider = true;
  });
}

const char* epoch_observe_ldap_url(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    DirConfig& config = dir_config_of(dir);
    add_to_verifier(config, cmd->cmd->name, core::bytes_of(args));
    const char* url = ap_getword_conf(cmd->pool, &args);
    config.ldap_url = url;
    read_user_filter(cmd->pool, url, config);
    config.ldap_mode = ap_getword_conf(cmd->pool, &args);
  });
}

const char* epoch_observe_ldap_bind_dn(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    DirConfig& config = dir_config_of(dir);
    add_to_verifier(config, cmd->cmd->name, core::bytes_of(args));
    config.ldap_bind_dn = ap_getword_conf(cmd->pool, &args);
  });
}

const char* epoch_observe_ldap_bind_password(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    DirConfig& config = dir_config_of(dir);
    // That there is one, and not which: a new one changes nothing about who checks the users'.
    add_to_verifier(config, cmd->cmd->name, {});
    config.ldap_bind_password = ap_getword_conf(cmd->pool, &args);
  });
}

const char* epoch_observe_ldap_charset(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    DirConfig& config = dir_config_of(dir);
    add_to_verifier(config, cmd->cmd->name, core::bytes_of(args));
    // Names are spelled by the request's Accept-Language before they are searched for.
    config.authorization_needs_provider = true;
  });
}

const char* epoch_observe_basic_authoritative(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    DirConfig& config = dir_config_of(dir);
    add_to_verifier(config, cmd->cmd->name, core::bytes_of(args));
    // What stands behind mod_auth_basic may have a say, and nobody knows what it says.
    if (core::equals_ignoring_case(first_word(cmd, args), "off")) {
      config.authorization_needs_provider = true;
    }
  });
}

const char* epoch_observe_authorization_alias(cmd_parms* cmd, void* /*dir*/, const char* args) {
  return observe(cmd, [&] {
    if (uses_ldap(cmd->directive->first_child) || searches_for_itself(first_word(cmd, args))) {
      server_config_of(ap_server_conf).authorization_aliases_use_ldap = true;
    }
  });
}
