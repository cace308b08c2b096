#include "httpd/watch.h"

#include <httpd.h>

#include <apr_ldap.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <util_ldap.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "core/text.h"
#include "httpd/config.h"
#include "httpd/happenings.h"
#include "httpd/process.h"
#include "ldap/directory_url.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

// Whoever waits for a connection keeps httpd from stopping.
constexpr std::chrono::seconds kLongestConnect{3};
// The parent kills whoever takes ten seconds to end.
constexpr std::chrono::seconds kLongestStop{2};
constexpr std::string_view kExec = "exec:";

bool is_watched(const Section& section) {
  const std::optional<LdapWatch>& watch = section.config->ldap_watch;
  return watch && watch->method != LdapWatch::Method::Off && section.config->ldap_url;
}

ldap::Method method_of(LdapWatch::Method method) noexcept {
  switch (method) {
    case LdapWatch::Method::Sync:
      return ldap::Method::Sync;
    case LdapWatch::Method::Poll:
      return ldap::Method::Poll;
    case LdapWatch::Method::Off:
    case LdapWatch::Method::Auto:
      break;
  }
  return ldap::Method::Auto;
}

// What mod_ldap was told for this virtual host; nullptr where it is not loaded.
const util_ldap_state_t* mod_ldap_state_of(const server_rec* server) {
  const module* mod_ldap = ap_find_linked_module("util_ldap.c");
  if (mod_ldap == nullptr) return nullptr;
  return static_cast<const util_ldap_state_t*>(
      ap_get_module_config(server->module_config, mod_ldap));
}

// The URL's own word goes before LDAPTrustedMode, as with mod_authnz_ldap.
std::string_view security_of(const DirConfig& config, const util_ldap_state_t* state) {
  const std::string_view own = config.ldap_mode.value_or("");
  if (!own.empty() || state == nullptr || state->secure_set == 0) return own;
  if (state->secure == APR_LDAP_SSL) return "SSL";
  return state->secure == APR_LDAP_STARTTLS ? "STARTTLS" : "";
}

// AuthLDAPBindPassword, whose `exec:` mod_authnz_ldap runs for itself.
Result<std::string> bind_password_of(apr_pool_t* pool, const DirConfig& config) {
  const std::string password(config.ldap_bind_password.value_or(""));
  if (!password.starts_with(kExec)) return password;
  char** arguments = nullptr;
  const char* command = password.c_str() + kExec.size();
  if (apr_tokenize_to_argv(command, &arguments, pool) != APR_SUCCESS || arguments[0] == nullptr) {
    return Error{ErrorCode::Malformed, "AuthLDAPBindPassword names no program after exec:"};
  }
  const char* line = ap_get_exec_line(pool, arguments[0], arguments);
  if (line == nullptr) {
    return Error{ErrorCode::Malformed, "AuthLDAPBindPassword: the program " +
                                           std::string(arguments[0]) +
                                           " could not be run, or wrote nothing"};
  }
  return std::string(line);
}

Result<Watch> watch_of(apr_pool_t* pool, const server_rec* server, const Section& section,
                       const core::KeyRing& keys) {
  const DirConfig& config = *section.config;
  const util_ldap_state_t* state = mod_ldap_state_of(server);
  Result<ldap::DirectoryUrl> url =
      ldap::parse_directory_url(*config.ldap_url, security_of(config, state));
  if (!url) return url.error();
  Result<std::string> password = bind_password_of(pool, config);
  if (!password) return password.error();

  ldap::WatchSettings settings{
      .url = *std::move(url),
      .bind =
          core::Credentials(std::string(config.ldap_bind_dn.value_or("")), *std::move(password)),
      .key = ldap::StateKey(keys.oldest().derive("directory watch"))};
  settings.method = method_of(config.ldap_watch->method);
  settings.interval = config.ldap_watch->interval;
  settings.network_timeout = kLongestConnect;
  if (state != nullptr) {
    settings.verify_certificate = state->verify_svr_cert != 0;
    const std::chrono::seconds connection_timeout(state->connectionTimeout);
    if (connection_timeout.count() > 0) {
      settings.network_timeout = std::min(connection_timeout, kLongestConnect);
    }
  }
  const core::WatchId id = ldap::watch_id_of(settings);
  return Watch{.id = id,
               .directory = std::string(*config.ldap_url),
               .settings = std::make_shared<ldap::WatchSettings>(std::move(settings))};
}

void write_to_log(server_rec* server, ldap::Severity severity, const std::string& line) {
  int level = APLOG_ERR;
  if (severity == ldap::Severity::Info) level = APLOG_INFO;
  if (severity == ldap::Severity::Warning) level = APLOG_WARNING;
  ap_log_error(APLOG_MARK, level, 0, server, "%s", line.c_str());
}

}  // namespace

Result<std::vector<Watch>> watches_of(apr_pool_t* pconf, server_rec* main,
                                      const core::KeyRing& keys) {
  std::vector<Watch> watches;
  for (const server_rec* server = main; server != nullptr; server = server->next) {
    for (const Section& section : server_config_of(server).sections) {
      if (!is_watched(section)) continue;
      Result<Watch> watch = watch_of(pconf, server, section, keys);
      if (!watch) {
        return Error{ErrorCode::Malformed,
                     section.name + " (" + section.where + "): " + watch.error().detail};
      }
      const bool is_known = std::any_of(watches.begin(), watches.end(),
                                        [&](const Watch& each) { return each.id == watch->id; });
      if (!is_known) watches.push_back(*std::move(watch));
    }
  }
  if (watches.size() > SharedWatchStatus::kMostWatches) {
    return Error{ErrorCode::Malformed, "more than " +
                                           std::to_string(SharedWatchStatus::kMostWatches) +
                                           " directories are to be watched (AuthEpochLDAPWatch)"};
  }
  return Result<std::vector<Watch>>(std::move(watches));
}

apr_proc_mutex_t* make_watch_mutex(apr_pool_t* pconf) {
  apr_proc_mutex_t* mutex = nullptr;
  if (apr_proc_mutex_create(&mutex, nullptr, APR_LOCK_FCNTL, pconf) != APR_SUCCESS) {
    throw std::runtime_error("the system has no file locks to give");
  }
  return mutex;
}

void Watching::begin_if_nobody_else_does(Process& process) {
  std::vector<Watch>& watches = process.watches;
  store::LmdbStore& store = process.child->store();
  server_rec* const main = process.main_server;
  const std::lock_guard lock(mutex_);
  if (is_over_.load() || !watchers_.empty()) return;
  if (apr_proc_mutex_trylock(turn_) != APR_SUCCESS) return;
  std::vector<core::WatchId> ids;
  for (const Watch& watch : watches) ids.push_back(watch.id);
  const Result<core::Done> kept = store.keep_watches(ids);
  if (!kept) write_to_log(main, ldap::Severity::Warning, kept.error().detail);

  for (std::size_t i = 0; i < watches.size(); ++i) {
    const auto log = [main](ldap::Severity severity, const std::string& line) {
      write_to_log(main, severity, line);
    };
    const auto on_ended = [&process](const ldap::EndedAccount& account) {
      note_ended_account(process, account);
    };
    const auto publish = [&status = *process.watch_status, i](const ldap::WatcherStatus& now) {
      status.publish(i, now);
    };
    watchers_.push_back(std::make_unique<ldap::Watcher>(std::move(*watches[i].settings), store, log,
                                                        on_ended, publish));
    watches[i].settings.reset();
  }
}

void Watching::stop() noexcept {
  if (is_over_.exchange(true)) return;
  const auto until = std::chrono::steady_clock::now() + kLongestStop;
  // Others have it for a transaction at most. ThreadSanitizer knows no waiting by the steady clock.
  const std::unique_lock lock(mutex_, std::chrono::system_clock::now() + kLongestStop);
  if (!lock || watchers_.empty()) return;
  for (const std::unique_ptr<ldap::Watcher>& watcher : watchers_) watcher->request_stop();
  for (const std::unique_ptr<ldap::Watcher>& watcher : watchers_) watcher->wait(until);
  apr_proc_mutex_unlock(turn_);
}

}  // namespace epoch::httpd
