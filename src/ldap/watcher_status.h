// What a watcher says about itself: to the log once, to server-status all the time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/session.h"
#include "ldap/book.h"
#include "ldap/log.h"
#include "ldap/watch_settings.h"

namespace epoch::ldap {

enum class WatcherState { Connecting, Refreshing, Following, Failing };

std::string_view to_string(WatcherState state) noexcept;
std::string_view to_string(Method method) noexcept;  // "auto", "sync" or "poll"

struct WatcherStatus {
  WatcherState state = WatcherState::Connecting;
  core::TimePoint since{};       // when this state began
  Method method = Method::Auto;  // Auto until the directory was asked what it offers
  Tally tally;
  std::string last_error;  // a clause; empty where there was none. Control characters are escaped
  // Until when everything the directory has shown is known. What happened later may be unknown.
  std::optional<core::TimePoint> current_as_of = {};

  // How far behind it may be; nullopt where it has never been up to date.
  [[nodiscard]] std::optional<core::Seconds> lag(core::TimePoint now) const noexcept {
    if (!current_as_of) return std::nullopt;
    return now - *current_as_of;
  }
};

// Called from the watcher's thread: at each change, and once a second without one, so that a
// reader can tell that the watcher lives.
using Publish = std::function<void(const WatcherStatus&)>;

// Keeps the status and tells the log: a warning when it cannot follow, once, and a line when it
// follows again. For one thread.
class StatusReport {
 public:
  StatusReport(std::string directory, Log log, Publish publish);

  void connecting(core::TimePoint now);
  void refreshing(Method method, core::TimePoint now);
  void following(Method method, const Tally& tally, core::TimePoint now);
  void failing(const std::string& error, core::TimePoint now);
  // Publishes, no oftener than once a second.
  void tick(const Tally& tally, core::TimePoint now);

  [[nodiscard]] const WatcherStatus& status() const noexcept { return status_; }

 private:
  void enter(WatcherState state, core::TimePoint now);
  void publish(core::TimePoint now);

  const std::string directory_;  // as the log names it
  const Log log_;
  const Publish publish_;
  WatcherStatus status_;
  bool has_followed_ = false;
  std::optional<core::TimePoint> failing_since_;  // while the log knows that it cannot follow
  core::TimePoint published_{};
};

}  // namespace epoch::ldap
