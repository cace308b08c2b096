#include "ldap/watcher_status.h"

#include <utility>

#include "ldap/directory_time.h"

namespace epoch::ldap {
namespace {

using core::TimePoint;

// 2026-11-21 09:59:12 UTC
std::string in_words(TimePoint time) {
  const std::string digits = generalized_time(time);
  return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + " " +
         digits.substr(8, 2) + ":" + digits.substr(10, 2) + ":" + digits.substr(12, 2) + " UTC";
}

std::string_view way_of(Method method) noexcept {
  return method == Method::Sync ? "by content synchronisation" : "by polling";
}

}  // namespace

std::string_view to_string(WatcherState state) noexcept {
  switch (state) {
    case WatcherState::Connecting:
      return "connecting";
    case WatcherState::Refreshing:
      return "refreshing";
    case WatcherState::Following:
      return "following";
    case WatcherState::Failing:
      return "failing";
  }
  return "unknown";
}

std::string_view to_string(Method method) noexcept {
  switch (method) {
    case Method::Auto:
      return "auto";
    case Method::Sync:
      return "sync";
    case Method::Poll:
      return "poll";
  }
  return "unknown";
}

StatusReport::StatusReport(std::string directory, Log log, Publish publish)
    : directory_(printable(directory)), log_(std::move(log)), publish_(std::move(publish)) {}

// While it fails, each attempt is a part of the failing.
void StatusReport::connecting(TimePoint now) {
  if (!failing_since_) enter(WatcherState::Connecting, now);
}

void StatusReport::refreshing(Method method, TimePoint now) {
  status_.method = method;
  enter(WatcherState::Refreshing, now);
}

void StatusReport::following(Method method, const Tally& tally, TimePoint now) {
  status_.method = method;
  status_.tally = tally;
  status_.current_as_of = now;
  if (failing_since_ || !has_followed_) {
    log_(
        Severity::Info,
        "AuthEpochLDAPWatch follows " + directory_ + " " + (has_followed_ ? "again " : "") +
            std::string(way_of(method)) + ", " + std::to_string(tally.entries) + " entries" +
            (failing_since_ ? "; it could not since " + in_words(*failing_since_) : std::string()) +
            ".");
  }
  failing_since_.reset();
  has_followed_ = true;
  status_.last_error.clear();
  if (status_.state != WatcherState::Following) enter(WatcherState::Following, now);
}

void StatusReport::failing(const std::string& error, TimePoint now) {
  status_.last_error = printable(error);
  if (!failing_since_) {
    failing_since_ = now;
    log_(Severity::Warning,
         "AuthEpochLDAPWatch cannot follow " + directory_ + " since " + in_words(now) + ": " +
             status_.last_error +
             ". Until it can, no change in the directory ends a session; it keeps trying, and what "
             "was missed is made up for.");
  }
  if (status_.state != WatcherState::Failing) enter(WatcherState::Failing, now);
}

void StatusReport::tick(const Tally& tally, TimePoint now) {
  status_.tally = tally;
  if (now != published_) publish(now);
}

void StatusReport::enter(WatcherState state, TimePoint now) {
  if (status_.state != state || status_.since == TimePoint()) status_.since = now;
  status_.state = state;
  publish(now);
}

void StatusReport::publish(TimePoint now) {
  published_ = now;
  publish_(status_);
}

}  // namespace epoch::ldap
