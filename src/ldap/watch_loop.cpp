#include "ldap/watch_loop.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "ldap/sync_stream.h"

namespace epoch::ldap {
namespace {

using core::Done;
using core::Result;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kExpireEvery{60};
// A directory that hangs up sooner after having been followed is not asked again at once.
constexpr std::chrono::seconds kSteady{5};
constexpr milliseconds kTickEvery{1000};

core::TimePoint now() {
  return std::chrono::floor<core::Seconds>(std::chrono::system_clock::now());
}

void sleep(milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any wakes;
  wakes.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

WatchLoop::WatchLoop(WatchSettings settings, core::WatchLedger& ledger, Log log, OnEnded on_ended,
                     Publish publish)
    : settings_(std::move(settings)),
      log_(log),
      book_(ledger, watch_id_of(settings_), settings_.url.text, log, std::move(on_ended)),
      report_(settings_.url.text, std::move(log), std::move(publish)),
      backoff_(std::random_device()()) {}

void WatchLoop::run(const std::stop_token& stop) noexcept {
  while (!stop.stop_requested()) {
    try {
      attempt(stop);
    } catch (const std::exception& thrown) {
      try {
        book_.discard();
        // libcrypto may be gone already where httpd did not wait any longer for this thread.
        if (stop.stop_requested()) return;
        fail(std::string("an exception was thrown: ") + thrown.what(), stop);
      } catch (const std::exception&) {
        sleep(Backoff::kLast, stop);  // no memory even to say so
      }
    }
  }
}

void WatchLoop::attempt(const std::stop_token& stop) {
  const Result<Done> done = follow(stop);
  if (done || stop.stop_requested()) return;
  fail(done.error().detail, stop);
}

void WatchLoop::fail(const std::string& error, const std::stop_token& stop) {
  if (following_since_ && steady_clock::now() - *following_since_ >= kSteady) backoff_.reset();
  following_since_.reset();
  report_.failing(error, now());
  wait(backoff_.next(), stop);
}

Result<Done> WatchLoop::follow(const std::stop_token& stop) {
  if (!is_open_) {
    if (Result<Done> opened = book_.open(); !opened) return opened;
    is_open_ = true;
  }
  if (!following_since_) report_.connecting(now());
  Result<std::unique_ptr<Connection>> connection = Connection::open(settings_, stop);
  if (!connection) return connection.error();
  return is_to_sync(**connection) ? sync(**connection) : poll(**connection, stop);
}

bool WatchLoop::is_to_sync(const Connection& connection) const noexcept {
  if (settings_.method != Method::Auto) return settings_.method == Method::Sync;
  return connection.offers().content_sync && !sync_is_off_;
}

Result<Done> WatchLoop::sync(Connection& connection) {
  report_.refreshing(Method::Sync, now());
  const bool use_cookie = !starts_over_;
  const SyncEnd end =
      follow_by_sync(connection, book_, settings_.key, use_cookie, [this](bool refreshed) {
        if (refreshed) {
          starts_over_ = false;
          note_following(Method::Sync);
        }
        return tick();
      });
  switch (end.next) {
    case SyncEnd::Next::TryAgain:
      break;
    case SyncEnd::Next::StartOver:
      starts_over_ = true;
      if (!use_cookie) break;
      log_(Severity::Info,
           "AuthEpochLDAPWatch compares everything anew: " + printable(end.error.detail) + ".");
      return Done{};
    case SyncEnd::Next::Poll:
      if (settings_.method != Method::Auto) break;
      sync_is_off_ = true;
      log_(Severity::Info,
           "AuthEpochLDAPWatch polls: the directory offers content "
           "synchronisation, but not for this database.");
      return Done{};
  }
  return end.error;
}

// One poll, and the wait for the next: each has a connection of its own, because a directory may
// end one that idles.
Result<Done> WatchLoop::poll(Connection& connection, const std::stop_token& stop) {
  if (!following_since_) report_.refreshing(Method::Poll, now());
  if (!poller_) {
    poller_.emplace(book_, settings_.key, settings_.url.filter,
                    connection.offers().active_directory ? "whenChanged" : "modifyTimestamp");
  }
  const Result<Done> polled = poller_->poll(connection, now());
  if (!polled) return polled;
  note_following(Method::Poll);
  wait(settings_.interval, stop);
  return Done{};
}

void WatchLoop::note_following(Method method) {
  if (!following_since_) following_since_ = steady_clock::now();
  report_.following(method, book_.tally(), now());
}

Result<Done> WatchLoop::tick() {
  const SteadyTime at = steady_clock::now();
  if (at - expired_at_ >= kExpireEvery) {
    expired_at_ = at;
    if (Result<Done> expired = book_.expire(now()); !expired) return expired;
  }
  report_.tick(book_.tally(), now());
  return Done{};
}

void WatchLoop::wait(milliseconds time, const std::stop_token& stop) {
  const SteadyTime until = steady_clock::now() + time;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    if (left <= milliseconds(0)) return;
    sleep(std::min(left, kTickEvery), stop);
    const Result<Done> ticked = tick();
    if (!ticked) report_.failing(ticked.error().detail, now());
  }
}

}  // namespace epoch::ldap
