// AuthEpochLDAPWatch: what is watched, and the process that does it.
#pragma once

#include <apr_proc_mutex.h>
#include <httpd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/keys.h"
#include "core/result.h"
#include "httpd/module.h"
#include "httpd/watch_status.h"
#include "ldap/watch_settings.h"
#include "ldap/watcher.h"

namespace epoch::httpd {

struct Process;

struct Watch {
  core::WatchId id;
  std::string directory;  // the URL, for people
  // Taken by the process that watches.
  std::shared_ptr<ldap::WatchSettings> settings;
};

// What the sections of all virtual hosts ask for, the same thing once. Runs `exec:` commands of
// AuthLDAPBindPassword. Malformed: a sentence that names the section.
core::Result<std::vector<Watch>> watches_of(apr_pool_t* pconf, server_rec* main,
                                            const core::KeyRing& keys);

// The mutex by which one process at a time watches. It belongs to a process and not to a thread,
// and the system takes it from a process that dies. mod_watchdog's own, for its singletons, would
// do the same but for a pause of ten seconds before another process takes over. Throws
// std::runtime_error.
apr_proc_mutex_t* make_watch_mutex(apr_pool_t* pconf);

// A process's part in watching. Lives as long as the process, never destroyed, as Child is. Any
// thread may call.
class Watching {
 public:
  explicit Watching(apr_proc_mutex_t* turn) noexcept : turn_(turn) {}

  // Watches from now on if no other process does, unless this one has begun to end. Takes the
  // settings out of the watches of `process`, which outlives the process's threads, and so does its
  // child.
  void begin_if_nobody_else_does(Process& process);

  // For good, and lets another process begin. Waits until the threads have ended, but not for long:
  // on prefork a signal handler calls this, which may have interrupted what they wait for. Neither
  // allocates nor frees.
  void stop() noexcept;

 private:
  apr_proc_mutex_t* turn_;
  std::atomic<bool> is_over_{false};
  std::timed_mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<ldap::Watcher>> watchers_;
};

}  // namespace epoch::httpd
