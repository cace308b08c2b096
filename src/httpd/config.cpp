#include "httpd/config.h"

#include "httpd/boundary.h"

namespace epoch::httpd {
namespace {

constexpr Seconds kDefaultIdleTimeout = std::chrono::minutes(30);
constexpr Seconds kDefaultMaxAge = std::chrono::hours(12);
constexpr core::SessionLimit kDefaultSessionLimit{.most = 100, .deny = false};
constexpr FailedLogins kDefaultFailedLogins{.most = 5, .within = std::chrono::minutes(15)};

template <typename T>
std::optional<T> inner_or_outer(const std::optional<T>& inner, const std::optional<T>& outer) {
  return inner ? inner : outer;
}

std::optional<core::Verifier> chained(const std::optional<core::Verifier>& outer,
                                      const std::optional<core::Verifier>& inner) {
  if (!outer || !inner) return inner_or_outer(inner, outer);
  return core::verifier_of(core::sha256({core::bytes_of("inner section"), *outer, *inner}));
}

}  // namespace

DirConfig& dir_config_of(void* raw) {
  auto& config = *static_cast<DirConfig*>(raw);
  config.says_something = true;
  return config;
}

const DirConfig& dir_config_of(const request_rec* r) {
  return *static_cast<const DirConfig*>(
      ap_get_module_config(r->per_dir_config, &auth_epoch_module));
}

ServerConfig& server_config_of(const server_rec* server) {
  return *static_cast<ServerConfig*>(
      ap_get_module_config(server->module_config, &auth_epoch_module));
}

Mode mode_of(const DirConfig& config) noexcept { return config.mode.value_or(Mode::Off); }

core::Limits limits_of(const DirConfig& config) noexcept {
  return {.idle = config.idle_timeout.value_or(kDefaultIdleTimeout),
          .max_age = config.max_age.value_or(kDefaultMaxAge)};
}

std::optional<Seconds> fresh_login_of(const DirConfig& config) noexcept {
  if (!config.fresh_login || config.fresh_login->count() == 0) return std::nullopt;
  return config.fresh_login;
}

std::optional<core::SessionLimit> session_limit_of(const DirConfig& config) noexcept {
  const core::SessionLimit limit = config.session_limit.value_or(kDefaultSessionLimit);
  return limit.most == 0 ? std::nullopt : std::optional(limit);
}

std::optional<FailedLogins> failed_logins_of(const DirConfig& config) noexcept {
  const FailedLogins limit = config.failed_logins.value_or(kDefaultFailedLogins);
  return limit.most == 0 ? std::nullopt : std::optional(limit);
}

std::optional<Seconds> revalidate_of(const DirConfig& config) noexcept {
  if (!config.revalidate || config.revalidate->count() == 0) return std::nullopt;
  return config.revalidate;
}

bool verifier_is_known(const DirConfig& config) noexcept {
  // In authorization mod_authnz_ldap goes by the section's URL, and must find whom the alias found.
  const bool one_directory =
      !config.alias_ldap_url || !config.ldap_url || *config.alias_ldap_url == *config.ldap_url;
  return one_directory && config.providers_are_known.value_or(true) &&
         !config.authorization_needs_provider.value_or(false);
}

LogoutResponse logout_response_of(const DirConfig& config) noexcept {
  return config.logout_response.value_or(LogoutResponse::Page);
}

LogoutGet logout_get_of(const DirConfig& config) noexcept {
  return config.logout_get.value_or(LogoutGet::SameOrigin);
}

std::string_view return_path_of(const DirConfig& config) noexcept {
  return config.return_path.value_or("/");
}

std::string_view clear_site_data_of(const DirConfig& config) noexcept {
  return config.clear_site_data.value_or("\"cache\"");
}

NoStore no_store_of(const DirConfig& config) noexcept {
  return config.no_store.value_or(NoStore::Html);
}

Strip strip_of(const DirConfig& config) noexcept {
  return config.strip.value_or(Strip{.cookie = true, .authorization = false});
}

}  // namespace epoch::httpd

using epoch::httpd::DirConfig;
using epoch::httpd::inner_or_outer;
using epoch::httpd::make_in_pool;
using epoch::httpd::ServerConfig;

void* epoch_create_dir_config(apr_pool_t* pool, char* /*path*/) {
  return make_in_pool<DirConfig>(pool);
}

void* epoch_merge_dir_config(apr_pool_t* pool, void* base, void* add) {
  const DirConfig& outer = *static_cast<const DirConfig*>(base);
  const DirConfig& inner = *static_cast<const DirConfig*>(add);
  // httpd merges for each request, and every section with a Require has one of these.
  if (!inner.says_something) return base;
  if (!outer.says_something) return add;
  return make_in_pool<DirConfig>(
      pool,
      DirConfig{
          .says_something = true,
          .mode = inner_or_outer(inner.mode, outer.mode),
          .zone = inner_or_outer(inner.zone, outer.zone),
          .idle_timeout = inner_or_outer(inner.idle_timeout, outer.idle_timeout),
          .max_age = inner_or_outer(inner.max_age, outer.max_age),
          .fresh_login = inner_or_outer(inner.fresh_login, outer.fresh_login),
          .stateless = inner_or_outer(inner.stateless, outer.stateless),
          .stateless_expression =
              inner_or_outer(inner.stateless_expression, outer.stateless_expression),
          .cross_site_allowed = inner_or_outer(inner.cross_site_allowed, outer.cross_site_allowed),
          .cookie_name = inner_or_outer(inner.cookie_name, outer.cookie_name),
          .cookie_path = inner_or_outer(inner.cookie_path, outer.cookie_path),
          .cookie_domain = inner_or_outer(inner.cookie_domain, outer.cookie_domain),
          .same_site = inner_or_outer(inner.same_site, outer.same_site),
          .cookie_secure = inner_or_outer(inner.cookie_secure, outer.cookie_secure),
          .logout_response = inner_or_outer(inner.logout_response, outer.logout_response),
          .logout_redirect = inner_or_outer(inner.logout_redirect, outer.logout_redirect),
          .logout_get = inner_or_outer(inner.logout_get, outer.logout_get),
          .return_path = inner_or_outer(inner.return_path, outer.return_path),
          .clear_site_data = inner_or_outer(inner.clear_site_data, outer.clear_site_data),
          .no_store = inner_or_outer(inner.no_store, outer.no_store),
          .strip = inner_or_outer(inner.strip, outer.strip),
          .status_location = inner_or_outer(inner.status_location, outer.status_location),
          .revalidate = inner_or_outer(inner.revalidate, outer.revalidate),
          .session_limit = inner_or_outer(inner.session_limit, outer.session_limit),
          .failed_logins = inner_or_outer(inner.failed_logins, outer.failed_logins),
          .ldap_watch = inner_or_outer(inner.ldap_watch, outer.ldap_watch),
          .admin_any_user = inner_or_outer(inner.admin_any_user, outer.admin_any_user),
          .admin_place = inner_or_outer(inner.admin_place, outer.admin_place),
          .verifier = epoch::httpd::chained(outer.verifier, inner.verifier),
          .providers_are_known =
              inner_or_outer(inner.providers_are_known, outer.providers_are_known),
          .authorization_needs_provider = inner.authorization_needs_provider.value_or(false)
                                              ? inner.authorization_needs_provider
                                              : outer.authorization_needs_provider,
          .alias_ldap_url = inner_or_outer(inner.alias_ldap_url, outer.alias_ldap_url),
          .ldap_url = inner_or_outer(inner.ldap_url, outer.ldap_url),
          .ldap_filter_before = inner_or_outer(inner.ldap_filter_before, outer.ldap_filter_before),
          .ldap_filter_after = inner_or_outer(inner.ldap_filter_after, outer.ldap_filter_after),
          .ldap_mode = inner.ldap_mode,
          .ldap_bind_dn = inner.ldap_bind_dn,
          .ldap_bind_password = inner.ldap_bind_password,
      });
}

void* epoch_create_server_config(apr_pool_t* pool, server_rec* /*server*/) {
  return make_in_pool<ServerConfig>(pool);
}

// Sections are not inherited: httpd merges them by itself, and the check walks both lists.
void* epoch_merge_server_config(apr_pool_t* pool, void* base, void* add) {
  const auto& outer = *static_cast<ServerConfig*>(base);
  const auto& inner = *static_cast<ServerConfig*>(add);
  return make_in_pool<ServerConfig>(
      pool, ServerConfig{
                .origins = inner.origins.empty() ? outer.origins : inner.origins,
                .stale = inner.store_error_set ? inner.stale : outer.stale,
                .store_error_set = inner.store_error_set || outer.store_error_set,
                .directory_stale =
                    inner.directory_error_set ? inner.directory_stale : outer.directory_stale,
                .directory_error_set = inner.directory_error_set || outer.directory_error_set,
                .provider_aliases = {},
                .authorization_aliases_use_ldap = false,
                .store_directory = outer.store_directory,
                .key_file = outer.key_file,
                .audit_log = outer.audit_log,
                .pages = inner.pages.empty() ? outer.pages : inner.pages,
                .sections = inner.sections,
                .identity = {},
                .number = 0,
                .templates = nullptr,
                .process = nullptr,
            });
}
