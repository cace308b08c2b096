/* mod_auth_epoch: sessions and a logout that works, on top of HTTP Basic authentication.
 *
 * What httpd sees of the module: its record, its directives, and the hooks it takes part in, in the
 * order in which a request meets them. A request's way goes on in src/httpd/authn.cpp. */
#include "httpd/module.h"

#include <httpd.h>

#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_auth.h>
#include <mod_status.h>

#define SERVER_ONLY RSRC_CONF
#define SECTION (ACCESS_CONF | RSRC_CONF)
#define ANYWHERE OR_AUTHCFG

/* Directives of other modules that we look at, never change; see src/httpd/observed.cpp. The
 * contexts are checked by the modules they belong to. */
#define OBSERVE_PROVIDER(name) \
  AP_INIT_RAW_ARGS(name, epoch_observe_provider, NULL, OR_ALL, "see the module that provides it")
#define OBSERVE(name, function) \
  AP_INIT_RAW_ARGS(name, function, NULL, OR_ALL, "see the module that provides it")

static const command_rec epoch_directives[] = {
    AP_INIT_TAKE1("AuthEpoch", epoch_set_mode, NULL, ANYWHERE,
                  "On, Off (default) or Report: sessions and logout for Basic authentication"),
    AP_INIT_TAKE1("AuthEpochStore", epoch_set_store, NULL, SERVER_ONLY,
                  "where sessions are kept: lmdb:<directory>"),
    AP_INIT_TAKE1("AuthEpochKeyFile", epoch_set_key_file, NULL, SERVER_ONLY,
                  "the file of the signing keys, made at first start"),
    AP_INIT_TAKE1("AuthEpochZone", epoch_set_zone, NULL, SECTION,
                  "the name of the zone whose locations share sessions"),
    AP_INIT_ITERATE("AuthEpochOrigin", epoch_set_origin, NULL, SERVER_ONLY,
                    "the public origins of this virtual host behind a proxy"),
    AP_INIT_TAKE1("AuthEpochIdleTimeout", epoch_set_idle_timeout, NULL, ANYWHERE,
                  "after how long without a request a session ends"),
    AP_INIT_TAKE1("AuthEpochMaxAge", epoch_set_max_age, NULL, ANYWHERE,
                  "how long a session lasts at most"),
    AP_INIT_TAKE1("AuthEpochFreshLogin", epoch_set_fresh_login, NULL, ANYWHERE,
                  "Off, or how old the login may be for this area"),
    AP_INIT_TAKE1("AuthEpochStateless", epoch_set_stateless, NULL, ANYWHERE,
                  "Off, On or expr=<expression>: credentials without a cookie are accepted"),
    AP_INIT_TAKE1("AuthEpochCrossSite", epoch_set_cross_site, NULL, ANYWHERE,
                  "refuse or allow: requests with credentials that other sites start"),
    AP_INIT_TAKE1("AuthEpochCookieName", epoch_set_cookie_name, NULL, SECTION,
                  "the name of the zone's cookie"),
    AP_INIT_TAKE1("AuthEpochCookiePath", epoch_set_cookie_path, NULL, SECTION,
                  "the Path attribute of the zone's cookie"),
    AP_INIT_TAKE1("AuthEpochCookieDomain", epoch_set_cookie_domain, NULL, SECTION,
                  "the Domain attribute of the zone's cookie"),
    AP_INIT_TAKE1("AuthEpochCookieSameSite", epoch_set_cookie_same_site, NULL, SECTION,
                  "Lax or None"),
    AP_INIT_TAKE1("AuthEpochCookieSecure", epoch_set_cookie_secure, NULL, SECTION,
                  "auto, On or Off"),
    AP_INIT_TAKE12("AuthEpochLogoutResponse", epoch_set_logout_response, NULL, ANYWHERE,
                   "page, challenge, or redirect and a path"),
    AP_INIT_TAKE1("AuthEpochLogoutGet", epoch_set_logout_get, NULL, ANYWHERE,
                  "same-origin, confirm or Off: what a GET of the logout URL does"),
    AP_INIT_TAKE1("AuthEpochReturn", epoch_set_return, NULL, ANYWHERE,
                  "where a finished logout leads"),
    AP_INIT_TAKE1("AuthEpochClearSiteData", epoch_set_clear_site_data, NULL, ANYWHERE,
                  "Off or the data types a logout clears"),
    AP_INIT_TAKE1("AuthEpochNoStore", epoch_set_no_store, NULL, ANYWHERE,
                  "On, Off or html: Cache-Control on protected answers that set none"),
    AP_INIT_ITERATE("AuthEpochStrip", epoch_set_strip, NULL, ANYWHERE,
                    "cookie, authorization or None: what backends do not see"),
    AP_INIT_TAKE12("AuthEpochOnStoreError", epoch_set_on_store_error, NULL, SERVER_ONLY,
                   "deny, or stale and a time"),
    AP_INIT_TAKE1("AuthEpochRevalidate", epoch_set_revalidate, NULL, ANYWHERE,
                  "Off, or for how long the provider's yes holds without asking it again"),
    AP_INIT_TAKE12("AuthEpochMaxSessions", epoch_set_max_sessions, NULL, ANYWHERE,
                   "Off, or how many sessions a user may have, and oldest or deny"),
    AP_INIT_TAKE12("AuthEpochFailedLogins", epoch_set_failed_logins, NULL, ANYWHERE,
                   "Off, or how many logins may fail before others wait, and within what time"),
    AP_INIT_TAKE12("AuthEpochOnDirectoryError", epoch_set_on_directory_error, NULL, SERVER_ONLY,
                   "deny, or stale and a time"),
    AP_INIT_TAKE12("AuthEpochLDAPWatch", epoch_set_ldap_watch, NULL, ACCESS_CONF,
                   "Off, auto, sync or poll, and a time between two polls"),
    AP_INIT_FLAG("AuthEpochAdminAnyUser", epoch_set_admin_any_user, NULL, ACCESS_CONF,
                 "On where the handler auth-epoch-admin may work for whoever can log in"),
    AP_INIT_TAKE1("AuthEpochAuditLog", epoch_set_audit_log, NULL, SERVER_ONLY,
                  "a file, or | and a command, that is told what happens to sessions"),
    AP_INIT_TAKE2("AuthEpochPage", epoch_set_page, NULL, SERVER_ONLY,
                  "the name of a page and the template that replaces it"),

    OBSERVE("AuthType", epoch_observe_auth_type),
    OBSERVE("AuthName", epoch_observe_auth_name),
    OBSERVE("SetHandler", epoch_observe_handler),
    OBSERVE("Require", epoch_observe_require),
    OBSERVE("AuthBasicFake", epoch_observe_basic_fake),
    OBSERVE("SSLOptions", epoch_observe_ssl_options),

    OBSERVE("AuthBasicProvider", epoch_observe_basic_provider),
    OBSERVE("<AuthnProviderAlias", epoch_observe_provider_alias),
    OBSERVE("AuthLDAPURL", epoch_observe_ldap_url),
    OBSERVE("AuthLDAPBindDN", epoch_observe_ldap_bind_dn),
    OBSERVE("AuthLDAPBindPassword", epoch_observe_ldap_bind_password),
    OBSERVE("AuthLDAPSearchAsUser", epoch_observe_ldap_user),
    OBSERVE("AuthLDAPCompareAsUser", epoch_observe_ldap_user),
    OBSERVE("AuthLDAPRemoteUserIsDN", epoch_observe_ldap_user),
    OBSERVE("AuthLDAPCharsetConfig", epoch_observe_ldap_charset),
    OBSERVE("AuthBasicAuthoritative", epoch_observe_basic_authoritative),
    OBSERVE("<AuthzProviderAlias", epoch_observe_authorization_alias),

    OBSERVE_PROVIDER("AuthBasicUseDigestAlgorithm"),
    OBSERVE_PROVIDER("AuthUserFile"),
    OBSERVE_PROVIDER("AuthDBMUserFile"),
    OBSERVE_PROVIDER("AuthDBMType"),
    OBSERVE_PROVIDER("AuthDBDUserPWQuery"),
    OBSERVE_PROVIDER("AuthnCacheProvideFor"),
    OBSERVE_PROVIDER("AuthnCacheContext"),
    OBSERVE_PROVIDER("AuthnCacheTimeout"),
    OBSERVE_PROVIDER("Anonymous"),
    OBSERVE_PROVIDER("Anonymous_MustGiveEmail"),
    OBSERVE_PROVIDER("Anonymous_NoUserID"),
    OBSERVE_PROVIDER("Anonymous_VerifyEmail"),
    OBSERVE_PROVIDER("Anonymous_LogEmail"),
    OBSERVE_PROVIDER("AuthLDAPBindAuthoritative"),
    OBSERVE_PROVIDER("AuthLDAPInitialBindAsUser"),
    OBSERVE_PROVIDER("AuthLDAPInitialBindPattern"),
    OBSERVE_PROVIDER("AuthLDAPRemoteUserAttribute"),
    OBSERVE_PROVIDER("AuthLDAPDereferenceAliases"),
    OBSERVE_PROVIDER("AuthLDAPCompareDNOnServer"),
    OBSERVE_PROVIDER("AuthLDAPGroupAttribute"),
    OBSERVE_PROVIDER("AuthLDAPGroupAttributeIsDN"),
    OBSERVE_PROVIDER("AuthLDAPMaxSubGroupDepth"),
    OBSERVE_PROVIDER("AuthLDAPSubGroupAttribute"),
    OBSERVE_PROVIDER("AuthLDAPSubGroupClass"),
    OBSERVE_PROVIDER("AuthLDAPAuthorizePrefix"),
    {.name = NULL},
};

static void epoch_register_hooks(apr_pool_t* pool) {
  /* mod_auth_basic verifies what we let on; mod_authnz_ldap and the others are its providers. */
  static const char* const before_basic[] = {"mod_auth_basic.c", NULL};
  /* A rewrite in fixups may end the request; a login that the provider verified is opened before.
   */
  static const char* const before_rewrite[] = {"mod_rewrite.c", NULL};

  /* start-up, in this order */
  ap_hook_check_config(epoch_check_config, NULL, NULL, APR_HOOK_MIDDLE);
  ap_hook_post_config(epoch_post_config, NULL, NULL, APR_HOOK_MIDDLE);
  /* before mod_authnz_ldap fetches mod_ldap's functions */
  ap_hook_optional_fn_retrieve(epoch_wrap_ldap_functions, NULL, NULL, APR_HOOK_REALLY_FIRST);
  /* first, so that the watchdog's threads, started in its own child_init, find a child */
  ap_hook_child_init(epoch_child_init, NULL, NULL, APR_HOOK_FIRST);

  /* a request, in this order */
  ap_hook_translate_name(epoch_translate_name, NULL, NULL, APR_HOOK_REALLY_FIRST);
  /* AP_AUTH_INTERNAL_PER_CONF: anything else would make httpd repeat authentication for every
   * sub-request of the whole server. */
  ap_hook_check_authn(epoch_check_authn, NULL, before_basic, APR_HOOK_FIRST,
                      AP_AUTH_INTERNAL_PER_CONF);
  /* reached where authentication has said yes */
  ap_hook_check_authz(epoch_check_authz, NULL, NULL, APR_HOOK_REALLY_FIRST,
                      AP_AUTH_INTERNAL_PER_CONF);
  ap_hook_fixups(epoch_fixups, NULL, before_rewrite, APR_HOOK_REALLY_FIRST);
  /* last, so that our filter sees what mod_headers and mod_expires made of the answer */
  ap_hook_insert_filter(epoch_insert_filter, NULL, NULL, APR_HOOK_REALLY_LAST);
  ap_hook_insert_error_filter(epoch_insert_error_filter, NULL, NULL, APR_HOOK_REALLY_LAST);
  ap_hook_insert_error_filter(epoch_forgive_errors, NULL, NULL, APR_HOOK_MIDDLE);
  ap_hook_handler(epoch_strip, NULL, NULL, APR_HOOK_REALLY_FIRST);
  ap_hook_handler(epoch_handler, NULL, NULL, APR_HOOK_MIDDLE);
  ap_hook_log_transaction(epoch_log_transaction, NULL, NULL, APR_HOOK_MIDDLE);

  /* optional: where mod_status is not loaded, nobody asks */
  APR_OPTIONAL_HOOK(ap, status_hook, epoch_status, NULL, NULL, APR_HOOK_MIDDLE);

  /* mod_headers works at this type, mod_cache stores at the next */
  ap_register_output_filter(EPOCH_CACHE_CONTROL_FILTER, epoch_cache_control_filter, NULL,
                            AP_FTYPE_CONTENT_SET);
  (void)pool;
}

AP_DECLARE_MODULE(auth_epoch) = {
    STANDARD20_MODULE_STUFF,    epoch_create_dir_config,   epoch_merge_dir_config,
    epoch_create_server_config, epoch_merge_server_config, epoch_directives,
    epoch_register_hooks,       AP_MODULE_FLAG_NONE,
};
