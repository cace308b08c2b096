// The configuration: what the administrator wrote, merged by httpd, and its defaults.
#pragma once

#include <httpd.h>

#include <ap_expr.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/cookie.h"
#include "core/ports.h"
#include "httpd/module.h"
#include "httpd/section.h"
#include "web/page.h"

namespace epoch::httpd {

using core::Seconds;

struct Process;

enum class Mode { Off, On, Report };
enum class Stateless { Off, On, Expression };
enum class CookieSecure { Auto, On, Off };
enum class LogoutResponse { Page, Challenge, Redirect };
enum class LogoutGet { SameOrigin, Confirm, Off };
enum class NoStore { Off, On, Html };

// AuthEpochLDAPWatch.
struct LdapWatch {
  enum class Method { Off, Auto, Sync, Poll };
  Method method;
  Seconds interval;  // between two polls
};

// AuthEpochFailedLogins.
struct FailedLogins {
  std::uint32_t most;  // of one user from one address; 0: Off
  Seconds within;
};

struct Strip {
  bool cookie;
  bool authorization;
};

// AuthEpochPage: a template of ours that the administrator has replaced.
struct PageFile {
  std::string name;
  std::string path;
  std::string where;  // file:line of the directive
};

// <AuthnProviderAlias>: a provider with directives of its own.
struct ProviderAlias {
  std::string name;
  core::Hash256 fingerprint;  // of everything that stands in it
  std::string ldap_url;       // AuthLDAPURL; empty without one
  bool is_known;              // its provider is one of httpd's own
  bool authorization_needs_provider;
};

// One section's or .htaccess file's directives. nullopt: the administrator wrote nothing here; the
// defaults apply where a value is read (the functions below). Lives in a pool and is merged for
// each request, so it owns nothing.
struct DirConfig {
  bool says_something = false;  // false: all that follows is as it was made
  std::optional<Mode> mode;
  std::optional<std::string_view> zone;
  std::optional<Seconds> idle_timeout;
  std::optional<Seconds> max_age;
  std::optional<Seconds> fresh_login;  // zero: Off
  std::optional<Stateless> stateless;
  std::optional<const ap_expr_info_t*> stateless_expression;
  std::optional<bool> cross_site_allowed;
  std::optional<std::string_view> cookie_name;
  std::optional<std::string_view> cookie_path;
  std::optional<std::string_view> cookie_domain;
  std::optional<core::SameSite> same_site;
  std::optional<CookieSecure> cookie_secure;
  std::optional<LogoutResponse> logout_response;
  std::optional<std::string_view> logout_redirect;
  std::optional<LogoutGet> logout_get;
  std::optional<std::string_view> return_path;
  std::optional<std::string_view> clear_site_data;  // empty: Off
  std::optional<NoStore> no_store;
  std::optional<Strip> strip;
  // The path of the <Location> with `SetHandler auth-epoch-status`, without a slash at its end.
  std::optional<std::string_view> status_location;
  std::optional<Seconds> revalidate;                // zero: Off
  std::optional<core::SessionLimit> session_limit;  // of zero sessions: Off
  std::optional<FailedLogins> failed_logins;
  std::optional<LdapWatch> ldap_watch;
  std::optional<bool> admin_any_user;  // AuthEpochAdminAnyUser
  // SetHandler auth-epoch-admin stands here or further out, and not in an .htaccess file.
  std::optional<bool> admin_place;
  // Over the provider directives of the section, chained from outer to inner sections.
  std::optional<core::Verifier> verifier;
  // AuthBasicProvider names none but httpd's own, whose directives we see all of.
  std::optional<bool> providers_are_known;
  // Authorization by mod_authnz_ldap, or what stands behind mod_auth_basic, needs what only the
  // provider knows: AuthLDAPSearchAsUser and its kind, here or further out.
  std::optional<bool> authorization_needs_provider;
  // The AuthLDAPURL of the alias that AuthBasicProvider names; of several, nothing that is a URL.
  std::optional<std::string_view> alias_ldap_url;
  // AuthLDAPURL as it stands there, without the second argument: with the DN it names an account.
  std::optional<std::string_view> ldap_url;
  // The filter by which mod_authnz_ldap searches for a user, up to the name and behind it.
  std::optional<std::string_view> ldap_filter_before;
  std::optional<std::string_view> ldap_filter_after;
  // What mod_authnz_ldap was told in this very section, all arguments, for AuthEpochLDAPWatch.
  std::optional<std::string_view> ldap_mode;
  std::optional<std::string_view> ldap_bind_dn;
  std::optional<std::string_view> ldap_bind_password;
};
static_assert(std::is_trivially_destructible_v<DirConfig>);

// Virtual host settings. The strings and sections live as long as the configuration pool.
struct ServerConfig {
  std::vector<std::string> origins;  // AuthEpochOrigin, as make_origin() spells them
  std::optional<Seconds> stale;      // AuthEpochOnStoreError stale <time>
  bool store_error_set = false;
  std::optional<Seconds> directory_stale;  // AuthEpochOnDirectoryError stale <time>
  bool directory_error_set = false;
  std::vector<ProviderAlias> provider_aliases;  // main server only
  // Some <AuthzProviderAlias> has directives of mod_authnz_ldap; main server only.
  bool authorization_aliases_use_ldap = false;
  std::optional<std::string> store_directory;  // AuthEpochStore, absolute; main server only
  std::optional<std::string> key_file;         // main server only
  std::optional<std::string> audit_log;        // an absolute path, or | and a command; likewise
  std::vector<PageFile> pages;
  std::vector<Section> sections;  // in the order of the configuration file
  std::string identity;           // set by epoch_check_config(): names the default zones
  std::size_t number = 0;         // of this virtual host, likewise
  const web::PageTemplates* templates = nullptr;  // likewise
  Process* process = nullptr;                     // set by epoch_post_config()
};

// For directives, which write into it: from then on it says something.
DirConfig& dir_config_of(void* raw);
const DirConfig& dir_config_of(const request_rec* r);
ServerConfig& server_config_of(const server_rec* server);

// The values in force, defaults included.
Mode mode_of(const DirConfig& config) noexcept;
core::Limits limits_of(const DirConfig& config) noexcept;
std::optional<Seconds> fresh_login_of(const DirConfig& config) noexcept;
std::optional<core::SessionLimit> session_limit_of(const DirConfig& config) noexcept;
std::optional<FailedLogins> failed_logins_of(const DirConfig& config) noexcept;
std::optional<Seconds> revalidate_of(const DirConfig& config) noexcept;
// Whether the verifier says everything about who checks passwords and what else depends on it.
bool verifier_is_known(const DirConfig& config) noexcept;
LogoutResponse logout_response_of(const DirConfig& config) noexcept;
LogoutGet logout_get_of(const DirConfig& config) noexcept;
std::string_view return_path_of(const DirConfig& config) noexcept;
std::string_view clear_site_data_of(const DirConfig& config) noexcept;
NoStore no_store_of(const DirConfig& config) noexcept;
Strip strip_of(const DirConfig& config) noexcept;

}  // namespace epoch::httpd
