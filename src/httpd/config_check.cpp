// The configuration check: mistakes that no single line shows. Runs at every start and, as
// check_config does and post_config does not, for `apachectl configtest`.
#include <httpd.h>

#include <ap_config.h>
#include <apr_optional.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/text.h"
#include "httpd/boundary.h"
#include "httpd/config.h"
#include "httpd/store_user.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

// Collects what is wrong, so that the administrator sees all of it at once.
class Findings {
 public:
  explicit Findings(const server_rec* main) : main_(main) {}

  void add(const Section& section, const std::string& sentence) {
    add(section.name + (section.where.empty() ? "" : " (" + section.where + ")") + ": " + sentence);
  }
  void add(const std::string& sentence) {
    if (!told_.insert(sentence).second) return;  // two virtual hosts inherit the same mistake
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main_, "%s", sentence.c_str());
  }
  [[nodiscard]] bool any() const noexcept { return !told_.empty(); }

 private:
  const server_rec* main_;
  std::set<std::string> told_;
};

bool path_covers(std::string_view outer, std::string_view inner) {
  if (outer.empty() || !inner.starts_with(outer)) return false;
  return outer.ends_with('/') || inner.size() == outer.size() || inner[outer.size()] == '/';
}

// Whether every request in `inner` has the configuration of `outer` too.
bool covers(const Section& outer, const Section& inner) {
  if (outer.kind == SectionKind::Server) return true;
  return outer.kind == inner.kind && outer.kind != SectionKind::Other &&
         path_covers(outer.path, inner.path);
}

// Whether some request may have both, for all that can be told before there is one.
bool may_cover(const Section& outer, const Section& inner) {
  return covers(outer, inner) || outer.kind != inner.kind || outer.path.empty() ||
         inner.path.empty();
}

// A virtual host's sections as httpd merges them: the main server's before its own, those for
// directories before those for locations, outer before inner.
std::vector<const Section*> sections_for(const server_rec* server, const server_rec* main) {
  std::vector<const Section*> sections;
  for (const Section& section : server_config_of(main).sections) sections.push_back(&section);
  if (server != main) {
    for (const Section& section : server_config_of(server).sections) sections.push_back(&section);
  }
  std::stable_sort(sections.begin(), sections.end(), [](const Section* a, const Section* b) {
    if (a->kind != b->kind)
      return a->kind == SectionKind::Server ||
             (b->kind != SectionKind::Server && b->kind == SectionKind::Location);
    return a->path.size() < b->path.size();
  });
  return sections;
}

// The value in force in a section: its own, or the innermost of those that certainly cover it.
template <typename Get>
auto in_force(const Section& section, const std::vector<const Section*>& sections, Get get)
    -> decltype(get(section)) {
  if (auto own = get(section)) return own;
  decltype(get(section)) value;
  for (const Section* outer : sections) {
    if (outer == &section || !covers(*outer, section)) continue;
    if (auto theirs = get(*outer)) value = theirs;
  }
  return value;
}

template <typename Has>
bool may_have(const Section& section, const std::vector<const Section*>& sections, Has has) {
  return std::any_of(sections.begin(), sections.end(), [&](const Section* outer) {
    return (outer == &section || may_cover(*outer, section)) && has(*outer);
  });
}

std::optional<Mode> own_mode(const Section& section) { return section.config->mode; }

bool is_on(std::optional<Mode> mode) { return mode.value_or(Mode::Off) != Mode::Off; }

void check_auth_type(const Section& section, const std::vector<const Section*>& sections,
                     Findings& findings) {
  const std::optional<std::string> type =
      in_force(section, sections, [](const Section& s) { return s.auth_type; });
  if (type && !core::equals_ignoring_case(*type, "Basic") &&
      !core::equals_ignoring_case(*type, "None")) {
    findings.add(section, "AuthEpoch works with AuthType Basic only, and AuthType " + *type +
                              " is in force here; set AuthEpoch Off");
  }
  if (!may_have(section, sections, [](const Section& s) { return s.auth_type.has_value(); })) {
    findings.add(section, "AuthEpoch is On, but AuthType is set nowhere; add `AuthType Basic`");
  }
  if (!may_have(section, sections, [](const Section& s) { return s.auth_name.has_value(); })) {
    findings.add(section,
                 "AuthEpoch is On, but AuthName is set nowhere; add one, such as `AuthName "
                 "\"Intranet\"`: with the virtual host it names the zone");
  }
}

void check_fake_credentials(const Section& section, const std::vector<const Section*>& sections,
                            Findings& findings) {
  constexpr const char* kWhy =
      " makes up credentials that no person can type again after a logout; AuthEpoch cannot work "
      "with it";
  const auto in = [&](bool Section::*flag) {
    return std::any_of(sections.begin(), sections.end(), [&](const Section* outer) {
      return (outer == &section || covers(*outer, section)) && outer->*flag;
    });
  };
  if (in(&Section::basic_fake)) findings.add(section, std::string("AuthBasicFake") + kWhy);
  if (in(&Section::fake_basic_auth)) {
    findings.add(section, std::string("SSLOptions +FakeBasicAuth") + kWhy);
  }
}

void check_cookie(const Section& section, const std::vector<const Section*>& sections,
                  Findings& findings) {
  const auto value = [&](auto field) {
    return in_force(section, sections, [field](const Section& s) { return s.config->*field; });
  };
  const std::string name(value(&DirConfig::cookie_name).value_or(""));
  const std::string path(value(&DirConfig::cookie_path).value_or("/"));
  const bool has_domain = value(&DirConfig::cookie_domain).has_value();
  const bool never_secure =
      value(&DirConfig::cookie_secure).value_or(CookieSecure::Auto) == CookieSecure::Off;
  const auto has_prefix = [&](std::string_view prefix) {
    return core::equals_ignoring_case(std::string_view(name).substr(0, prefix.size()), prefix);
  };
  if (has_prefix("__Host-") && (has_domain || path != "/" || never_secure)) {
    findings.add(section, "browsers drop a cookie named `" + name +
                              "` unless it is Secure, has the path / and no domain; change "
                              "AuthEpochCookieName, or remove AuthEpochCookieDomain, "
                              "AuthEpochCookiePath and AuthEpochCookieSecure Off");
  }
  if (has_prefix("__Secure-") && never_secure) {
    findings.add(section, "browsers drop a cookie named `" + name +
                              "` that is not Secure; remove AuthEpochCookieSecure Off");
  }
  if (value(&DirConfig::same_site) == core::SameSite::None && never_secure) {
    findings.add(section,
                 "browsers drop a cookie with SameSite=None that is not Secure; remove "
                 "AuthEpochCookieSecure Off");
  }
  if (section.kind == SectionKind::Location && !section.path.empty() &&
      !path_covers(path, section.path)) {
    findings.add(section, "a cookie with AuthEpochCookiePath " + path +
                              " is never sent to this location, so nobody could log in here; give "
                              "a path that covers it");
  }
}

// What the cookie of a section is found by; two sections of one zone must agree on it.
std::string cookie_key(const Section& section, const std::vector<const Section*>& sections) {
  const auto value = [&](auto field) {
    return in_force(section, sections, [field](const Section& s) { return s.config->*field; });
  };
  const auto same_site = value(&DirConfig::same_site).value_or(core::SameSite::Lax);
  const auto secure = value(&DirConfig::cookie_secure).value_or(CookieSecure::Auto);
  return std::string(value(&DirConfig::cookie_name).value_or("")) + " " +
         std::string(value(&DirConfig::cookie_path).value_or("/")) + " " +
         std::string(value(&DirConfig::cookie_domain).value_or("")) + " " +
         std::to_string(static_cast<int>(same_site)) + std::to_string(static_cast<int>(secure));
}

// One zone has one cookie: a logout that ends the session of one would leave the other's. And two
// zones have two, or they would overwrite each other's.
void check_cookies_of_zones(const std::vector<const Section*>& sections, Findings& findings) {
  std::map<std::string, std::string> cookie_of_zone;
  std::map<std::string, std::string> zone_of_name;
  for (const Section* section : sections) {
    if (!is_on(in_force(*section, sections, own_mode))) continue;
    const std::optional<std::string> realm =
        in_force(*section, sections, [](const Section& s) { return s.auth_name; });
    if (!realm) continue;
    const std::optional<std::string_view> explicit_zone =
        in_force(*section, sections, [](const Section& s) { return s.config->zone; });
    const std::string zone = explicit_zone ? "zone \"" + std::string(*explicit_zone) + "\""
                                           : "AuthName \"" + *realm + "\"";
    const auto [cookie, is_first] = cookie_of_zone.emplace(zone, cookie_key(*section, sections));
    if (!is_first && cookie->second != cookie_key(*section, sections)) {
      findings.add(*section,
                   "the AuthEpochCookie directives in force here differ from those of "
                   "another section of the same zone (" +
                       zone +
                       "); a logout would end the session of one cookie and leave the "
                       "other's. Set them where the zone begins, or give this section "
                       "an AuthName of its own");
    }
    const std::optional<std::string_view> name =
        in_force(*section, sections, [](const Section& s) { return s.config->cookie_name; });
    if (!name) continue;
    const auto [owner, is_new] = zone_of_name.emplace(std::string(*name), zone);
    if (!is_new && owner->second != zone) {
      findings.add(*section, "AuthEpochCookieName " + std::string(*name) +
                                 " is the cookie of two zones, " + owner->second + " and " + zone +
                                 ", which would overwrite each other's sessions; give each its "
                                 "own name, or leave the names to the module");
    }
  }
}

// Within one origin, zone and AuthName are one to one: a browser files credentials under origin and
// realm.
void check_zones(const std::vector<const Section*>& sections, Findings& findings) {
  std::map<std::string, std::string> zone_of_realm;
  std::map<std::string, std::string> realm_of_zone;
  for (const Section* section : sections) {
    const bool names_something = section->auth_name || section->config->zone;
    if (!names_something || !is_on(in_force(*section, sections, own_mode))) continue;
    const std::optional<std::string> realm =
        in_force(*section, sections, [](const Section& s) { return s.auth_name; });
    const std::optional<std::string_view> zone =
        in_force(*section, sections, [](const Section& s) { return s.config->zone; });
    if (!realm) continue;
    const std::string zone_name(zone.value_or(""));
    const auto [known_zone, new_realm] = zone_of_realm.emplace(*realm, zone_name);
    if (!new_realm && known_zone->second != zone_name) {
      findings.add(*section, "AuthName \"" + *realm +
                                 "\" belongs to two zones of this virtual host; browsers cannot "
                                 "tell them apart. Give each AuthEpochZone its own AuthName");
    }
    if (zone_name.empty()) continue;
    const auto [known_realm, new_zone] = realm_of_zone.emplace(zone_name, *realm);
    if (!new_zone && known_realm->second != *realm) {
      findings.add(*section, "AuthEpochZone \"" + zone_name + "\" has two AuthNames, \"" +
                                 known_realm->second + "\" and \"" + *realm +
                                 "\", in this virtual host; a logout in one would leave the "
                                 "password of the other. Give them the same AuthName, or two "
                                 "zones");
    }
  }
}

bool may_be_on(const Section& section, const std::vector<const Section*>& sections) {
  return may_have(section, sections, [](const Section& s) { return is_on(s.config->mode); }) &&
         in_force(section, sections, own_mode) != Mode::Off;
}

std::optional<Requirement> requirement_in_force(const Section& section,
                                                const std::vector<const Section*>& sections) {
  return in_force(section, sections, [](const Section& s) -> std::optional<Requirement> {
    if (s.requirement == Requirement::None) return std::nullopt;
    return s.requirement;
  });
}

// What the section of a handler needs.
struct HandlerNeeds {
  std::string_view name;
  std::string_view what;            // "the logout handler"
  std::string_view zone_it;         // what it does with the zone; empty: it needs none
  Requirement requirement;          // None: any
  std::string_view on_requirement;  // completes "the logout handler"
};

constexpr HandlerNeeds kHandlers[] = {
    {kLogoutHandler, "the logout handler", "ends", Requirement::NoLogin,
     "must not require a login, or nobody could log out whose session has ended; add `Require all "
     "granted` to this section"},
    {kStatusHandler, "the status handler", "tells of", Requirement::NoLogin,
     "must not require a login, or nobody could be told that their session has ended; add `Require "
     "all granted` to this section"},
    {kSessionsHandler, "the sessions handler", "shows", Requirement::Login,
     "shows people their own sessions, and must know who asks; add `Require valid-user` to this "
     "section"},
    {kAdminHandler, "the admin handler", "asks for a session of", Requirement::Login,
     "shows everybody's sessions, and must know who asks; require administrators in this section, "
     "such as `Require user alice` or `Require ldap-group cn=admins,dc=example,dc=org`"},
    {kMetricsHandler, "the metrics handler", "", Requirement::None, ""},
};

std::string handler_names() {
  std::string names;
  for (const HandlerNeeds& each : kHandlers) {
    if (!names.empty()) names += &each == std::end(kHandlers) - 1 ? " and " : ", ";
    names += each.name;
  }
  return names;
}

void check_handler(const Section& section, const std::vector<const Section*>& sections,
                   Findings& findings) {
  if (!section.handler || !section.handler->starts_with(kHandlerPrefix)) return;
  const auto* const handler =
      std::find_if(std::begin(kHandlers), std::end(kHandlers),
                   [&](const HandlerNeeds& each) { return each.name == *section.handler; });
  if (handler == std::end(kHandlers)) {
    findings.add(section, "there is no handler `" + *section.handler + "`; this version has " +
                              handler_names());
    return;
  }
  const std::string what(handler->what);
  if (!handler->zone_it.empty() && !may_be_on(section, sections)) {
    findings.add(section, what + " needs the configuration of the zone it " +
                              std::string(handler->zone_it) +
                              ": AuthEpoch is not On here. Put it inside that section, or repeat "
                              "AuthType, AuthName and AuthEpoch");
  }
  const std::optional<Requirement> requirement = requirement_in_force(section, sections);
  const bool is_open = requirement == Requirement::Open;
  const bool fits = handler->requirement == Requirement::NoLogin
                        ? is_open || requirement == Requirement::NoLogin
                        : handler->requirement == Requirement::None || !is_open;
  if (!fits) findings.add(section, what + " " + std::string(handler->on_requirement));
  if (handler->name == kStatusHandler && !section.config->status_location) {
    findings.add(section,
                 "the status handler must know where its URLs begin; put it into a <Location> with "
                 "a path, not a pattern");
  }
}

void check_ldap_watch(const Section& section, Findings& findings) {
  const std::optional<LdapWatch>& watch = section.config->ldap_watch;
  if (!watch || watch->method == LdapWatch::Method::Off || section.config->ldap_url) return;
  findings.add(section,
               "AuthEpochLDAPWatch follows the directory of the section it stands in, and no "
               "AuthLDAPURL stands here; put it next to the AuthLDAPURL");
}

// Not wrong, but not what was meant.
void warn_of_idle_revalidate(const server_rec* main, const Section& section,
                             const std::vector<const Section*>& sections) {
  const auto value = [&](auto field) {
    return in_force(section, sections, [field](const Section& s) { return s.config->*field; });
  };
  const DirConfig& own = *section.config;
  const bool says_something =
      own.revalidate || own.providers_are_known || own.authorization_needs_provider;
  if (!says_something || value(&DirConfig::revalidate).value_or(Seconds(0)).count() == 0) return;
  const char* why = nullptr;
  if (!value(&DirConfig::providers_are_known).value_or(true)) {
    why = "AuthBasicProvider names a provider that is not httpd's own";
  } else if (const auto alias = value(&DirConfig::alias_ldap_url);
             alias && value(&DirConfig::ldap_url).value_or(*alias) != *alias) {
    why = "the provider's alias has another AuthLDAPURL than this section";
  } else if (value(&DirConfig::authorization_needs_provider).value_or(false)) {
    why =
        "one of AuthLDAPSearchAsUser, AuthLDAPCompareAsUser, AuthLDAPRemoteUserIsDN, "
        "AuthLDAPCharsetConfig, AuthBasicAuthoritative Off, Require ldap-search and a "
        "userPassword in AuthLDAPURL needs it";
  }
  if (why == nullptr) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, main,
               "%s (%s): AuthEpochRevalidate saves nothing here, because %s; the provider is asked "
               "about every request",
               section.name.c_str(), section.where.c_str(), why);
}

bool uses_epoch(const Section& section) {
  return is_on(section.config->mode) ||
         (section.handler && section.handler->starts_with(kHandlerPrefix));
}

void check_modules(Findings& findings) {
  if (APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance) == nullptr) {
    findings.add(
        "mod_auth_epoch needs mod_watchdog, which writes last-seen times and purges old "
        "sessions; load it with LoadModule watchdog_module (Debian's httpd has it built "
        "in)");
  }
  if (ap_find_linked_module("mod_auth_basic.c") == nullptr) {
    findings.add(
        "mod_auth_epoch needs mod_auth_basic, which verifies passwords; load it "
        "(`a2enmod auth_basic` on Debian, LoadModule auth_basic_module elsewhere)");
  }
}

std::string own_identity(const server_rec* server) {
  std::string identity = server->server_hostname == nullptr ? "" : server->server_hostname;
  apr_port_t port = server->port;
  if (port == 0 && server->addrs != nullptr) port = server->addrs->host_port;
  if (port != 0) identity += ":" + std::to_string(port);
  return identity;
}

// httpd lets a virtual host without a directive of ours share the main server's settings; but it
// has a name of its own, and with it zones.
void separate_servers(apr_pool_t* pool, server_rec* main) {
  ServerConfig& outer = server_config_of(main);
  for (server_rec* s = main->next; s != nullptr; s = s->next) {
    if (&server_config_of(s) != &outer) continue;
    void* own = epoch_merge_server_config(pool, &outer, epoch_create_server_config(pool, s));
    ap_set_module_config(s->module_config, &auth_epoch_module, own);
  }
}

// Names the default zones of each virtual host: host and port, and the addresses too where two
// virtual hosts would have the same name.
void name_servers(server_rec* main) {
  std::map<std::string, int> seen;
  for (const server_rec* s = main; s != nullptr; s = s->next) ++seen[own_identity(s)];
  std::size_t number = 0;
  for (const server_rec* s = main; s != nullptr; s = s->next) {
    ServerConfig& config = server_config_of(s);
    config.number = number++;
    config.identity = own_identity(s);
    if (seen[config.identity] < 2) continue;
    for (const server_addr_rec* a = s->addrs; a != nullptr; a = a->next) {
      config.identity += std::string("@") + a->virthost + ":" + std::to_string(a->host_port);
    }
  }
}

void load_pages(apr_pool_t* pool, const server_rec* server, Findings& findings) {
  ServerConfig& config = server_config_of(server);
  auto* templates = make_in_pool<web::PageTemplates>(pool);
  for (const PageFile& page : config.pages) {
    std::ifstream file(page.path);
    std::ostringstream content;
    if (!(content << file.rdbuf())) {
      findings.add("AuthEpochPage (" + page.where + "): the file " + page.path +
                   " cannot be read, or is empty");
      continue;
    }
    const core::Result<core::Done> replaced = templates->replace(page.name, content.str());
    if (!replaced) {
      findings.add("AuthEpochPage (" + page.where + "): " + page.path + ": " +
                   replaced.error().detail);
    }
  }
  config.templates = templates;
}

int check(apr_pool_t* pconf, server_rec* main) {
  Findings findings(main);
  separate_servers(pconf, main);
  name_servers(main);
  bool used = false;
  std::set<const Section*> checked;
  for (const server_rec* server = main; server != nullptr; server = server->next) {
    load_pages(pconf, server, findings);
    const std::vector<const Section*> sections = sections_for(server, main);
    for (const Section* section : sections) {
      if (!checked.insert(section).second) continue;  // the main server's, once
      used = used || uses_epoch(*section);
      check_handler(*section, sections, findings);
      check_ldap_watch(*section, findings);
      if (is_on(section->config->mode)) check_auth_type(*section, sections, findings);
      if (!is_on(in_force(*section, sections, own_mode))) continue;
      if (section->auth_type && !is_on(section->config->mode)) {
        check_auth_type(*section, sections, findings);
      }
      check_fake_credentials(*section, sections, findings);
      check_cookie(*section, sections, findings);
      warn_of_idle_revalidate(main, *section, sections);
    }
    check_zones(sections, findings);
    check_cookies_of_zones(sections, findings);
  }
  if (!used) return findings.any() ? HTTP_INTERNAL_SERVER_ERROR : OK;
  check_modules(findings);
  const core::Result<core::Done> store = check_store_as_user(store_directory_of(pconf, main));
  if (!store) findings.add("AuthEpochStore: " + store.error().detail);
  return findings.any() ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

}  // namespace
}  // namespace epoch::httpd

int epoch_check_config(apr_pool_t* pconf, apr_pool_t* /*plog*/, apr_pool_t* /*ptemp*/,
                       server_rec* main) {
  return epoch::httpd::guarded(main, HTTP_INTERNAL_SERVER_ERROR,
                               [&] { return epoch::httpd::check(pconf, main); });
}
