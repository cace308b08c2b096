// Follows a directory in a thread of its own and ends the sessions of those who have changed.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "core/watch_ledger.h"
#include "ldap/log.h"
#include "ldap/watch_settings.h"
#include "ldap/watcher_status.h"

namespace epoch::ldap {

class WatchLoop;

// Made in the process that is to watch, never before a fork. The constructor returns at once; the
// destructor stops the thread and waits for it: 250 ms at most, while connecting as long as the
// network timeout lasts for each host. Nothing that goes wrong in the thread leaves it: it is
// logged, and tried again. Signals are for the process's other threads.
class Watcher {
 public:
  // The ledger outlives the watcher. `log`, `on_ended` and `publish` are called from its thread.
  Watcher(WatchSettings settings, core::WatchLedger& ledger, Log log, OnEnded on_ended,
          Publish publish);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  // For a process that is about to exit: libcrypto's and libldap's clean-up runs in exit(), and a
  // thread that goes on after it finds them gone. Neither of the two allocates or frees, because
  // prefork exits within a signal handler.
  void request_stop() noexcept;
  // Returns when the thread has ended, but no later than `until`: whoever waits may have
  // interrupted what the thread waits for.
  void wait(std::chrono::steady_clock::time_point until) const noexcept;

 private:
  std::unique_ptr<WatchLoop> loop_;
  std::atomic<bool> has_ended_{false};
  std::jthread thread_;
};

}  // namespace epoch::ldap
