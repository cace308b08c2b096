#include "httpd/shared_verifications.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "httpd/monotonic.h"

namespace epoch::httpd {
namespace {

// Long enough for what a browser had queued behind its connections; shorter than a person needs to
// type a password again.
constexpr std::int64_t kRememberedMs = 2000;
constexpr std::int64_t kLongestWaitMs = 60 * 1000;
constexpr std::chrono::milliseconds kShortestNap{1};
constexpr std::chrono::milliseconds kLongestNap{16};

bool has_died(pid_t process) noexcept { return ::kill(process, 0) != 0 && errno == ESRCH; }

}  // namespace

Earlier SharedVerifications::join(const core::Hash256& what) noexcept {
  Earlier earlier;
  const std::int64_t began = monotonic_ms();
  // Processes have no condition variable that survives the death of one who waits.
  for (std::chrono::milliseconds nap = kShortestNap; !try_join(what, began, earlier);
       nap = std::min(2 * nap, kLongestNap)) {
    std::this_thread::sleep_for(nap);
  }
  return earlier;
}

// False while somebody else is at it.
bool SharedVerifications::try_join(const core::Hash256& what, std::int64_t began,
                                   Earlier& earlier) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return true;
  if (lock.inherited()) slots_.fill({});  // one of them may be half written
  const std::int64_t now = monotonic_ms();
  Slot* slot = find(what);
  if (slot != nullptr && slot->state == State::Ended) {
    const bool holds =
        slot->worth == Worth::ForAMoment ? now - slot->since < kRememberedMs : began < slot->since;
    if (holds) {
      earlier.known = slot->result == 0 ? Known::Succeeded : Known::Failed;
      earlier.result = slot->result;
      earlier.is_answer = slot->worth == Worth::ForAMoment;
      return true;
    }
  } else if (slot != nullptr && !has_died(slot->asker)) {
    return now - began >= kLongestWaitMs;  // without a ticket: the slot stays the other's
  }
  if (slot == nullptr) slot = slot_to_use();
  if (slot == nullptr) return true;
  earlier.ticket = ++tickets_;
  *slot = {.what = what,
           .state = State::UnderWay,
           .worth = Worth::ForTheWaiting,
           .result = 0,
           .asker = ::getpid(),
           .ticket = earlier.ticket,
           .since = now};
  return true;
}

void SharedVerifications::finish(const core::Hash256& what, Ticket ticket, int result,
                                 Worth worth) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return;
  if (lock.inherited()) slots_.fill({});
  Slot* slot = find(what);
  if (slot == nullptr || slot->ticket != ticket) return;
  slot->state = State::Ended;
  slot->worth = worth;
  slot->result = result;
  slot->since = monotonic_ms();
}

SharedVerifications::Slot* SharedVerifications::find(const core::Hash256& what) noexcept {
  auto* const found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return slot.state != State::Free && slot.what == what;
  });
  return found == slots_.end() ? nullptr : &*found;
}

// A free one, else what has ended longest ago, else what a killed process has left behind.
SharedVerifications::Slot* SharedVerifications::slot_to_use() noexcept {
  Slot* oldest = nullptr;
  for (Slot& slot : slots_) {
    if (slot.state == State::Free) return &slot;
    if (slot.state == State::Ended && (oldest == nullptr || slot.since < oldest->since)) {
      oldest = &slot;
    }
  }
  if (oldest != nullptr) return oldest;
  auto* const left = std::find_if(slots_.begin(), slots_.end(),
                                  [](const Slot& slot) { return has_died(slot.asker); });
  return left == slots_.end() ? nullptr : &*left;
}

}  // namespace epoch::httpd
