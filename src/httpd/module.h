/* What src/mod_auth_epoch.c registers with httpd, and what every file of src/httpd includes.
 * The module record, directive table and hook list stand in C: `<IfModule mod_auth_epoch.c>`
 * matches the file name of the record, and clang takes a C++20 line that begins with `module` for a
 * module declaration. Everything else is C++ behind these functions. */
#ifndef EPOCH_HTTPD_MODULE_H
#define EPOCH_HTTPD_MODULE_H

#include <httpd.h>

#include <http_config.h>
#include <util_filter.h>

#define EPOCH_CACHE_CONTROL_FILTER "AUTH_EPOCH_CACHE_CONTROL"

#ifdef __cplusplus
extern "C" {
#endif

extern module AP_MODULE_DECLARE_DATA auth_epoch_module;

/* config.cpp */
void* epoch_create_dir_config(apr_pool_t* pool, char* path);
void* epoch_merge_dir_config(apr_pool_t* pool, void* base, void* add);
void* epoch_create_server_config(apr_pool_t* pool, server_rec* server);
void* epoch_merge_server_config(apr_pool_t* pool, void* base, void* add);

/* directives.cpp */
const char* epoch_set_mode(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_store(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_key_file(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_zone(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_origin(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_idle_timeout(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_max_age(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_fresh_login(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_stateless(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_cross_site(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_cookie_name(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_cookie_path(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_cookie_domain(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_cookie_same_site(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_cookie_secure(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_logout_response(cmd_parms* cmd, void* dir, const char* kind,
                                      const char* path);
const char* epoch_set_logout_get(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_return(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_clear_site_data(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_no_store(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_strip(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_on_store_error(cmd_parms* cmd, void* dir, const char* policy,
                                     const char* time);
const char* epoch_set_revalidate(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_max_sessions(cmd_parms* cmd, void* dir, const char* number,
                                   const char* policy);
const char* epoch_set_failed_logins(cmd_parms* cmd, void* dir, const char* number,
                                    const char* time);
const char* epoch_set_on_directory_error(cmd_parms* cmd, void* dir, const char* policy,
                                         const char* time);
const char* epoch_set_ldap_watch(cmd_parms* cmd, void* dir, const char* method,
                                 const char* interval);
const char* epoch_set_admin_any_user(cmd_parms* cmd, void* dir, int on);
const char* epoch_set_audit_log(cmd_parms* cmd, void* dir, const char* value);
const char* epoch_set_page(cmd_parms* cmd, void* dir, const char* name, const char* file);

/* observed_providers.cpp: directives of the modules that check passwords, which httpd shows to
 * everybody who declares them */
const char* epoch_observe_provider(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_basic_authoritative(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_authorization_alias(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_ldap_charset(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_basic_provider(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_provider_alias(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_ldap_user(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_ldap_url(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_ldap_bind_dn(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_ldap_bind_password(cmd_parms* cmd, void* dir, const char* args);
/* observed.cpp: other directives of other modules */
const char* epoch_observe_auth_type(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_auth_name(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_handler(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_require(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_basic_fake(cmd_parms* cmd, void* dir, const char* args);
const char* epoch_observe_ssl_options(cmd_parms* cmd, void* dir, const char* args);

/* config_check.cpp */
int epoch_check_config(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp, server_rec* main);

/* lifecycle.cpp */
int epoch_post_config(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp, server_rec* main);
void epoch_child_init(apr_pool_t* pchild, server_rec* main);

/* watch_status.cpp: what mod_status shows */
int epoch_status(request_rec* r, int flags);

/* ldap_functions.cpp */
void epoch_wrap_ldap_functions(void);

/* the request, in the order in which httpd calls them */
int epoch_translate_name(request_rec* r);       /* strip.cpp */
int epoch_check_authn(request_rec* r);          /* authn.cpp */
int epoch_check_authz(request_rec* r);          /* slowing.cpp */
int epoch_fixups(request_rec* r);               /* fixups.cpp */
void epoch_insert_filter(request_rec* r);       /* caching.cpp */
void epoch_insert_error_filter(request_rec* r); /* caching.cpp */
void epoch_forgive_errors(request_rec* r);      /* slowing.cpp */
apr_status_t epoch_cache_control_filter(ap_filter_t* filter, apr_bucket_brigade* brigade);
int epoch_strip(request_rec* r);           /* strip.cpp */
int epoch_handler(request_rec* r);         /* handlers.cpp */
int epoch_log_transaction(request_rec* r); /* happenings.cpp */

#ifdef __cplusplus
}
#endif

#endif
