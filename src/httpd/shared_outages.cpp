#include "httpd/shared_outages.h"

#include <algorithm>

#include "httpd/monotonic.h"

namespace epoch::httpd {
namespace {

constexpr std::int64_t kBetweenTriesMs = 2000;
constexpr std::int64_t kForgottenMs = 10 * 60 * 1000;

}  // namespace

bool SharedOutages::may_ask(const core::Verifier& verifier) noexcept {
  const RobustMutex::Lock lock(mutex_);
  Outage* outage = lock.held() ? find(verifier) : nullptr;
  if (outage == nullptr) return true;
  const std::int64_t now = monotonic_ms();
  if (now < outage->next_try) return false;
  outage->next_try = now + kBetweenTriesMs;  // this request tries; the others do not wait for it
  return true;
}

bool SharedOutages::note_failure(const core::Verifier& verifier) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return true;
  const std::int64_t next_try = monotonic_ms() + kBetweenTriesMs;
  if (Outage* known = find(verifier)) {
    known->next_try = next_try;
    return false;
  }
  // A free one, or one that nobody has asked about for long.
  auto* const room = std::find_if(outages_.begin(), outages_.end(), [&](const Outage& outage) {
    return !outage.used || next_try - outage.next_try > kForgottenMs;
  });
  if (room == outages_.end()) return false;
  *room = {.used = true, .verifier = verifier, .next_try = next_try};
  return true;
}

bool SharedOutages::note_answer(const core::Verifier& verifier) noexcept {
  const RobustMutex::Lock lock(mutex_);
  Outage* outage = lock.held() ? find(verifier) : nullptr;
  if (outage == nullptr) return false;
  *outage = {};
  return true;
}

SharedOutages::Outage* SharedOutages::find(const core::Verifier& verifier) noexcept {
  auto* const found = std::find_if(outages_.begin(), outages_.end(), [&](const Outage& outage) {
    return outage.used && outage.verifier == verifier;
  });
  return found == outages_.end() ? nullptr : &*found;
}

}  // namespace epoch::httpd
