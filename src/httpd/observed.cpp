// Directives of other modules. httpd hands a directive to every module that declares it, so that we
// see who checks passwords, and what would keep a logout from working, without the administrator
// repeating it. Nothing here changes what the other module does.
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
#include "httpd/boundary.h"
#include "httpd/config.h"

namespace epoch::httpd {
namespace {

// httpd accepts a directive that one module declares. Declaring another module's must not make
// httpd accept it when that module is missing: `Require` without mod_authz_core would protect
// nothing.
bool declared_by_another(const char* directive) {
  for (const module* other = ap_top_module; other != nullptr; other = other->next) {
    if (other == &auth_epoch_module || other->cmds == nullptr) continue;
    if (ap_find_command(directive, other->cmds) != nullptr) return true;
  }
  return false;
}

std::string first_word(cmd_parms* cmd, const char* arguments) {
  const char* word = ap_getword_conf(cmd->temp_pool, &arguments);
  return word == nullptr ? std::string() : std::string(word);
}

// Whether a `Require` of this kind asks who the user is. What a third party's asks is not known,
// and does not stop httpd from starting.
bool needs_login(std::string_view kind) {
  constexpr std::string_view kKinds[] = {
      "user",      "valid-user",     "group",       "dbm-group",  "dbm-file-group",
      "dbd-group", "file-owner",     "file-group",  "ldap-user",  "ldap-group",
      "ldap-dn",   "ldap-attribute", "ldap-filter", "ldap-search"};
  return std::any_of(std::begin(kKinds), std::end(kKinds), [kind](std::string_view known) {
    return core::equals_ignoring_case(kind, known);
  });
}

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
  config.verifier =
      core::sha256({core::bytes_of("provider directive"), before, core::bytes_of(directive), what});
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
void read_alias(const ap_directive_t* first, ProviderAlias& alias) {
  for (const ap_directive_t* each = first; each != nullptr; each = each->next) {
    if (is_bind_password(each)) continue;
    alias.fingerprint = core::sha256({core::bytes_of("alias directive"), alias.fingerprint,
                                      core::bytes_of(each->directive), core::bytes_of(each->args)});
    alias.authorization_needs_provider =
        alias.authorization_needs_provider || ties_authorization(each);
    read_alias(each->first_child, alias);
  }
}

// As mod_authnz_ldap makes the filter that finds a user out of its URL.
void read_user_filter(apr_pool_t* pool, const char* url, DirConfig& config) {
  apr_ldap_url_desc_t* parsed = nullptr;
  apr_ldap_err_t* error = nullptr;
  if (apr_ldap_url_parse(pool, url, &parsed, &error) != APR_SUCCESS || parsed == nullptr) return;
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

template <typename Body>
const char* observe(cmd_parms* cmd, Body&& body) {
  return guarded(cmd->server, "internal error while reading this directive", [&]() -> const char* {
    if (!declared_by_another(cmd->cmd->name)) {
      return apr_psprintf(cmd->pool,
                          "Invalid command '%s', perhaps misspelled or defined by a module not "
                          "included in the server configuration",
                          cmd->cmd->name);
    }
    body();
    return nullptr;
  });
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
    read_alias(cmd->directive->first_child, alias);
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
  return observe(
      cmd, [&] { dir_config_of(dir).ldap_bind_password = ap_getword_conf(cmd->pool, &args); });
}

const char* epoch_observe_auth_type(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    if (Section* section = section_of(cmd, dir)) section->auth_type = first_word(cmd, args);
  });
}

const char* epoch_observe_auth_name(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    if (Section* section = section_of(cmd, dir)) section->auth_name = first_word(cmd, args);
  });
}

const char* epoch_observe_handler(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    if (Section* section = section_of(cmd, dir)) section->handler = first_word(cmd, args);
  });
}

const char* epoch_observe_require(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    Section* section = section_of(cmd, dir);
    if (section == nullptr) return;
    if (needs_login(first_word(cmd, args))) {
      section->requirement = Requirement::Login;
    } else if (section->requirement == Requirement::None) {
      section->requirement = Requirement::NoLogin;
    }
  });
}

const char* epoch_observe_basic_fake(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    Section* section = section_of(cmd, dir);
    if (section == nullptr) return;
    section->basic_fake = !core::equals_ignoring_case(first_word(cmd, args), "off");
  });
}

const char* epoch_observe_ssl_options(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    Section* section = section_of(cmd, dir);
    if (section == nullptr) return;
    while (*args != '\0') {
      const std::string option = ap_getword_conf(cmd->temp_pool, &args);
      if (core::equals_ignoring_case(option, "FakeBasicAuth") ||
          core::equals_ignoring_case(option, "+FakeBasicAuth")) {
        section->fake_basic_auth = true;
      } else if (core::equals_ignoring_case(option, "-FakeBasicAuth")) {
        section->fake_basic_auth = false;
      }
    }
  });
}
