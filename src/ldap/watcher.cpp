#include "ldap/watcher.h"

#include <csignal>
#include <utility>

#include "ldap/watch_loop.h"

namespace epoch::ldap {
namespace {

// A thread inherits the mask of the one that starts it.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

Watcher::Watcher(WatchSettings settings, core::WatchLedger& ledger, Log log, OnEnded on_ended,
                 Publish publish)
    : loop_(std::make_unique<WatchLoop>(std::move(settings), ledger, std::move(log),
                                        std::move(on_ended), std::move(publish))) {
  const SignalsBlocked blocked;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    loop_->run(stop);
    has_ended_.store(true);
  });
}

Watcher::~Watcher() = default;

void Watcher::request_stop() noexcept { thread_.request_stop(); }

void Watcher::wait(std::chrono::steady_clock::time_point until) const noexcept {
  constexpr std::chrono::milliseconds kNap{5};
  while (!has_ended_.load() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kNap);
  }
}

}  // namespace epoch::ldap
