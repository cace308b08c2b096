// Start-up, children, and the timer: everything that is not a request.
#include <httpd.h>

#include <ap_mpm.h>
#include <apr_optional.h>
#include <apr_shm.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>
#include <unixd.h>

#include <algorithm>
#include <cstring>

#include "core/origin.h"
#include "httpd/boundary.h"
#include "httpd/config.h"
#include "httpd/process.h"
#include "httpd/provider.h"
#include "httpd/shared_memory.h"
#include "httpd/store_user.h"
#include "httpd/upkeep.h"
#include "store/key_file.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

constexpr const char* kFlushTimer = "_auth_epoch_last_seen_";
constexpr const char* kPurgeTimer = "_auth_epoch_purge_";
constexpr const char* kWatchTimer = "_auth_epoch_directory_";
constexpr apr_interval_time_t kWatchEvery = apr_time_from_msec(100);
constexpr apr_interval_time_t kFlushEvery = apr_time_from_sec(1);
constexpr apr_interval_time_t kPurgeEvery = apr_time_from_sec(30);
// A reader slot is held for one lookup; three times the workers leave room for the old generation
// during a graceful restart.
constexpr unsigned kReadersPerWorker = 3;
constexpr unsigned kFewestReaders = 4096;
// A person's requests come in bursts, and meanwhile those of others.
constexpr unsigned kKeptPerWorker = 64;

core::TimePoint now() noexcept { return core::TimePoint(Seconds(apr_time_sec(apr_time_now()))); }

unsigned asked_of_mpm(int code) {
  int count = 0;
  ap_mpm_query(code, &count);
  return static_cast<unsigned>(std::max(count, 1));
}

unsigned threads_of_a_child() { return asked_of_mpm(AP_MPMQ_MAX_THREADS); }

unsigned readers_needed() {
  return std::max(kFewestReaders,
                  kReadersPerWorker * asked_of_mpm(AP_MPMQ_MAX_DAEMONS) * threads_of_a_child());
}

// One byte a virtual host, shared by all children, so that each warns once and not once a child.
unsigned char* shared_flags(apr_pool_t* pool, std::size_t count) {
  apr_shm_t* memory = nullptr;
  if (apr_shm_create(&memory, count, nullptr, pool) != APR_SUCCESS) return nullptr;
  void* flags = apr_shm_baseaddr_get(memory);
  std::memset(flags, 0, count);
  return static_cast<unsigned char*>(flags);
}

int level_of(store::Severity severity) noexcept {
  switch (severity) {
    case store::Severity::Info:
      return APLOG_INFO;
    case store::Severity::Warning:
      return APLOG_WARNING;
    case store::Severity::Error:
      break;
  }
  return APLOG_ERR;
}

store::StoreOptions store_options_for(apr_pool_t* pconf, server_rec* main) {
  store::StoreOptions options;
  options.directory = store_directory_of(pconf, main);
  options.max_readers = readers_needed();
  options.kept_sessions = kKeptPerWorker * threads_of_a_child();
  options.log = [main](store::Severity severity, const std::string& line) {
    ap_log_error(APLOG_MARK, level_of(severity), 0, main, "%s", line.c_str());
  };
  return options;
}

void flush(Child& child, server_rec* server) {
  const core::Result<std::size_t> flushed = child.service().flush_last_seen();
  if (flushed) return;
  ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, server, "last-seen times could not be written: %s",
               flushed.error().detail.c_str());
}

apr_status_t on_flush_timer(int state, void* data, apr_pool_t* /*pool*/) {
  auto* process = static_cast<Process*>(data);
  if (state == AP_WATCHDOG_STATE_STARTING || process->child == nullptr) return APR_SUCCESS;
  return guarded(process->main_server, APR_SUCCESS, [&] {
    process->child->store().notice_removal();
    flush(*process->child, process->main_server);  // a stopping child writes what it still has
    return APR_SUCCESS;
  });
}

apr_status_t on_purge_timer(int state, void* data, apr_pool_t* /*pool*/) {
  auto* process = static_cast<Process*>(data);
  if (state != AP_WATCHDOG_STATE_RUNNING || process->child == nullptr) return APR_SUCCESS;
  return guarded(process->main_server, APR_SUCCESS, [&] {
    process->upkeep->step(process->child->store(), *process->census, now(),
                          process->store_options.log);
    return APR_SUCCESS;
  });
}

// All processes have this timer, and the first to come watches. A process that ends lingers over
// its last requests, which may take long: mod_watchdog tells of that at once, except on prefork.
apr_status_t on_watch_timer(int state, void* data, apr_pool_t* /*pool*/) {
  auto* process = static_cast<Process*>(data);
  if (process->child == nullptr) return APR_SUCCESS;
  return guarded(process->main_server, APR_SUCCESS, [&] {
    if (state == AP_WATCHDOG_STATE_RUNNING) {
      process->watching->begin_if_nobody_else_does(*process);
    } else if (state == AP_WATCHDOG_STATE_STOPPING) {
      process->watching->stop();
    }
    return APR_SUCCESS;
  });
}

// mod_watchdog may tell its callbacks to stop no sooner than within exit(), when libcrypto has
// begun to clean up.
apr_status_t stop_watching(void* data) {
  static_cast<Process*>(data)->watching->stop();
  return APR_SUCCESS;
}

bool start_timer(const char* name, bool one_process, apr_interval_time_t every, Process* process,
                 ap_watchdog_callback_fn_t* callback, apr_pool_t* pconf) {
  const auto get_instance = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
  const auto register_callback = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
  if (get_instance == nullptr || register_callback == nullptr) return false;
  ap_watchdog_t* timer = nullptr;
  return get_instance(&timer, name, 0, one_process ? 1 : 0, pconf) == APR_SUCCESS &&
         register_callback(timer, every, process, callback) == APR_SUCCESS;
}

bool uses_revalidate(const server_rec* main) {
  for (const server_rec* s = main; s != nullptr; s = s->next) {
    const std::vector<Section>& sections = server_config_of(s).sections;
    if (std::any_of(sections.begin(), sections.end(),
                    [](const Section& each) { return revalidate_of(*each.config).has_value(); })) {
      return true;
    }
  }
  return false;
}

bool verifiers_tell_all(const server_rec* main) {
  const char* module = unknown_authentication_behind_ours();
  const bool alias = server_config_of(main).authorization_aliases_use_ldap;
  if (module == nullptr && !alias) return true;
  if (uses_revalidate(main)) {
    ap_log_error(
        APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, main,
        "AuthEpochRevalidate saves nothing, because %s%s; the provider is asked about every "
        "request",
        module != nullptr ? module : "an <AuthzProviderAlias>",
        module != nullptr ? " may have a say in authentication too"
                          : " asks a directory of its own");
  }
  return false;
}

// A restart, which rotating the logs may do every night, must not let everybody guess anew.
SharedFailures* failures_kept_over_restarts(server_rec* main, core::Entropy& entropy) {
  constexpr const char* kKey = "mod_auth_epoch: failed logins";
  apr_pool_t* pool = main->process->pool;
  void* kept = nullptr;
  apr_pool_userdata_get(&kept, kKey, pool);
  if (kept != nullptr) return static_cast<SharedFailures*>(kept);
  auto* const failures = make_shared_by_processes<SharedFailures>(pool);
  core::Hash256 key;
  entropy.fill(key);
  failures->set_key(key);
  apr_pool_userdata_setn(failures, kKey, nullptr, pool);
  return failures;
}

int prepare(apr_pool_t* pconf, server_rec* main) {
  ServerConfig& config = server_config_of(main);
  const store::StoreOptions options = store_options_for(pconf, main);
  const core::Result<core::Done> prepared = prepare_store_as_user(options);
  if (!prepared) {
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main, "AuthEpochStore: %s",
                 prepared.error().detail.c_str());
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  store::SystemEntropy entropy;
  core::Result<core::KeyRing> keys = store::read_or_make_keys(
      config.key_file.value_or(options.directory + ".key"), entropy, now());
  if (!keys) {
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main, "%s", keys.error().detail.c_str());
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  core::Result<std::vector<Watch>> watches = watches_of(pconf, main, *keys);
  if (!watches) {
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main, "%s",
                 watches.error().detail.c_str());
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  const core::Result<AuditLog*> audit =
      config.audit_log ? AuditLog::open(pconf, main, *config.audit_log) : nullptr;
  if (!audit) {
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main, "%s",
                 audit.error().detail.c_str());
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  std::size_t servers = 0;
  for (const server_rec* s = main; s != nullptr; s = s->next) ++servers;
  auto* process = make_in_pool<Process>(pconf, *std::move(keys));
  process->store_options = options;
  process->warned_of_plain_http = shared_flags(pconf, servers);
  process->verifications = make_shared_by_processes<SharedVerifications>(pconf);
  process->outages = make_shared_by_processes<SharedOutages>(pconf);
  process->failures = failures_kept_over_restarts(main, entropy);
  process->metrics = make_shared_by_processes<SharedMetrics>(pconf);
  process->census = make_shared_by_processes<SharedCensus>(pconf);
  process->audit = *audit;
  process->watches = *std::move(watches);
  process->watch_turn = make_watch_mutex(pconf);
  process->watch_status = make_shared_by_processes<SharedWatchStatus>(pconf);
  process->cache_control = ap_get_output_filter_handle(EPOCH_CACHE_CONTROL_FILTER);
  process->main_server = main;
  for (server_rec* s = main; s != nullptr; s = s->next) server_config_of(s).process = process;
  process->verifiers_tell_all = verifiers_tell_all(main);
  if (process->warned_of_plain_http == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main,
                 "mod_auth_epoch cannot get %zu bytes of shared memory", servers);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  const bool watches_nothing = process->watches.empty();
  const bool timed = start_timer(kFlushTimer, false, kFlushEvery, process, on_flush_timer, pconf) &&
                     start_timer(kPurgeTimer, true, kPurgeEvery, process, on_purge_timer, pconf) &&
                     (watches_nothing ||
                      start_timer(kWatchTimer, false, kWatchEvery, process, on_watch_timer, pconf));
  if (!timed) {
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main,
                 "mod_auth_epoch cannot start its timers with mod_watchdog; is it loaded?");
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  return OK;
}

void start_child(apr_pool_t* pchild, server_rec* main) {
  Process& process = process_of(main);
  // Both live as long as the process and are never destroyed: on SIGTERM, prefork destroys pchild
  // and exits within the signal handler, while other threads still use them.
  process.watching = new Watching(process.watch_turn);
  process.upkeep = new Upkeep;
  process.child = new Child(process.store_options, process.keys, *process.metrics);
  apr_pool_pre_cleanup_register(pchild, &process, stop_watching);
}

}  // namespace
}  // namespace epoch::httpd

int epoch_post_config(apr_pool_t* pconf, apr_pool_t* /*plog*/, apr_pool_t* /*ptemp*/,
                      server_rec* main) {
  // httpd reads its configuration twice at start; the first time is a rehearsal.
  if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
  return epoch::httpd::guarded(main, HTTP_INTERNAL_SERVER_ERROR,
                               [&] { return epoch::httpd::prepare(pconf, main); });
}

void epoch_child_init(apr_pool_t* pchild, server_rec* main) {
  epoch::httpd::guarded(main, false, [&] {
    epoch::httpd::start_child(pchild, main);
    return true;
  });
}
