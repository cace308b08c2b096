// What the watcher's thread does: connect, follow, and again.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>

#include "core/watch_ledger.h"
#include "ldap/backoff.h"
#include "ldap/book.h"
#include "ldap/connection.h"
#include "ldap/log.h"
#include "ldap/poll_follower.h"
#include "ldap/watch_settings.h"
#include "ldap/watcher_status.h"

namespace epoch::ldap {

// For one thread. The ledger outlives it.
class WatchLoop {
 public:
  WatchLoop(WatchSettings settings, core::WatchLedger& ledger, Log log, OnEnded on_ended,
            Publish publish);

  // Returns when a stop is requested, and not before. Throws nothing.
  void run(const std::stop_token& stop) noexcept;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void attempt(const std::stop_token& stop);
  void fail(const std::string& error, const std::stop_token& stop);
  core::Result<core::Done> follow(const std::stop_token& stop);
  core::Result<core::Done> sync(Connection& connection);
  core::Result<core::Done> poll(Connection& connection, const std::stop_token& stop);
  [[nodiscard]] bool is_to_sync(const Connection& connection) const noexcept;
  // What is done whatever the directory does: accounts expire, and the status is published.
  core::Result<core::Done> tick();
  void note_following(Method method);
  void wait(std::chrono::milliseconds time, const std::stop_token& stop);

  const WatchSettings settings_;
  const Log log_;
  Book book_;
  std::optional<PollFollower> poller_;  // from the first poll on
  StatusReport report_;
  Backoff backoff_;
  bool is_open_ = false;      // the book has been counted
  bool sync_is_off_ = false;  // Auto, and the database offers none
  bool starts_over_ = false;  // the next synchronisation begins without the cookie
  std::optional<SteadyTime> following_since_;
  SteadyTime expired_at_{};  // when the accounts were last looked through
};

}  // namespace epoch::ldap
