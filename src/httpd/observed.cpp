#include "httpd/observed.h"

#include <httpd.h>

#include <apr_strings.h>
#include <http_config.h>

#include <algorithm>
#include <iterator>

#include "core/text.h"
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

// What a third party's asks is not known, and does not stop httpd from starting.
Requirement requirement_of(std::string_view kind) {
  constexpr std::string_view kKinds[] = {
      "user",      "valid-user",     "group",       "dbm-group",  "dbm-file-group",
      "dbd-group", "file-owner",     "file-group",  "ldap-user",  "ldap-group",
      "ldap-dn",   "ldap-attribute", "ldap-filter", "ldap-search"};
  const auto is = [kind](std::string_view known) {
    return core::equals_ignoring_case(kind, known);
  };
  if (std::any_of(std::begin(kKinds), std::end(kKinds), is)) return Requirement::Login;
  return is("all") ? Requirement::Open : Requirement::NoLogin;
}

}  // namespace

const char* refuse_undeclared(cmd_parms* cmd) {
  if (declared_by_another(cmd->cmd->name)) return nullptr;
  return apr_psprintf(cmd->pool,
                      "Invalid command '%s', perhaps misspelled or defined by a module not "
                      "included in the server configuration",
                      cmd->cmd->name);
}

std::string first_word(cmd_parms* cmd, const char* arguments) {
  const char* word = ap_getword_conf(cmd->temp_pool, &arguments);
  return word == nullptr ? std::string() : std::string(word);
}

bool searches_for_itself(std::string_view requirement) noexcept {
  return core::equals_ignoring_case(requirement, "ldap-search");
}

}  // namespace epoch::httpd

using namespace epoch::httpd;  // NOLINT: the functions below are the C face of this file
namespace core = epoch::core;

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
    Section* section = section_of(cmd, dir);
    if (section == nullptr) return;  // .htaccess
    section->handler = first_word(cmd, args);
    if (*section->handler == kAdminHandler) dir_config_of(dir).admin_place = true;
    if (*section->handler == kStatusHandler && section->kind == SectionKind::Location &&
        !section->path.empty()) {
      std::string_view path = apr_pstrdup(cmd->pool, section->path.c_str());
      while (path.ends_with('/')) path.remove_suffix(1);
      dir_config_of(dir).status_location = path;
    }
  });
}

const char* epoch_observe_require(cmd_parms* cmd, void* dir, const char* args) {
  return observe(cmd, [&] {
    const std::string kind = first_word(cmd, args);
    if (searches_for_itself(kind)) dir_config_of(dir).authorization_needs_provider = true;
    Section* section = section_of(cmd, dir);
    if (section == nullptr) return;
    section->requirement = std::max(section->requirement, requirement_of(kind));
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
