#include "httpd/shared_verifications.h"

#include <apr_time.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace epoch::httpd {
namespace {

// Long enough for what a browser had queued behind its connections; shorter than a person needs to
// type a password again.
constexpr std::int64_t kRememberedMs = 2000;
// A bind that takes longer than this is nobody's to wait for.
constexpr std::int64_t kLongestMs = 60 * 1000;
constexpr apr_interval_time_t kShortestNap = apr_time_from_msec(1);
constexpr apr_interval_time_t kLongestNap = apr_time_from_msec(16);

std::int64_t now_ms() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

bool has_died(pid_t process) noexcept { return ::kill(process, 0) != 0 && errno == ESRCH; }

}  // namespace

Earlier SharedVerifications::join(const core::Hash256& what) noexcept {
  Earlier earlier;
  const std::int64_t began = now_ms();
  // Processes have no condition variable that survives the death of one who waits.
  for (apr_interval_time_t nap = kShortestNap; !try_join(what, began, earlier);
       nap = std::min(2 * nap, kLongestNap)) {
    apr_sleep(nap);
  }
  return earlier;
}

// False while somebody else is at it.
bool SharedVerifications::try_join(const core::Hash256& what, std::int64_t began,
                                   Earlier& earlier) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return true;
  if (lock.inherited()) slots_.fill({});  // one of them may be half written
  const std::int64_t now = now_ms();
  Slot* slot = find(what);
  if (slot != nullptr) {
    const std::int64_t age = now - slot->since;
    if (slot->state == State::UnderWay && age < kLongestMs && !has_died(slot->asker)) return false;
    const bool holds = slot->worth == Worth::ForAMoment ? age < kRememberedMs : began < slot->since;
    if (slot->state == State::Ended && holds) {
      earlier.known = slot->result == 0 ? Known::Succeeded : Known::Failed;
      earlier.result = slot->result;
      return true;
    }
  } else {
    slot = free_slot(now);
  }
  if (slot != nullptr) {
    *slot = {.what = what,
             .state = State::UnderWay,
             .worth = Worth::ForTheWaiting,
             .result = 0,
             .asker = ::getpid(),
             .since = now};
  }
  return true;
}

void SharedVerifications::finish(const core::Hash256& what, int result, Worth worth) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return;
  if (lock.inherited()) slots_.fill({});
  Slot* slot = find(what);
  if (slot == nullptr || slot->asker != ::getpid()) return;
  slot->state = State::Ended;
  slot->worth = worth;
  slot->result = result;
  slot->since = now_ms();
}

SharedVerifications::Slot* SharedVerifications::find(const core::Hash256& what) noexcept {
  auto* const found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return slot.state != State::Free && slot.what == what;
  });
  return found == slots_.end() ? nullptr : &*found;
}

SharedVerifications::Slot* SharedVerifications::free_slot(std::int64_t now) noexcept {
  auto* const found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    if (slot.state == State::Free) return true;
    return now - slot.since >= (slot.state == State::Ended ? kRememberedMs : kLongestMs);
  });
  return found == slots_.end() ? nullptr : &*found;
}

}  // namespace epoch::httpd
