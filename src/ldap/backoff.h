// How long to wait before the next attempt.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace epoch::ldap {

// Doubles from 0.2 s to 30 s; each wait is somewhere in the upper half of it, so that many servers
// do not come back to a directory at the same moment.
class Backoff {
 public:
  explicit Backoff(unsigned seed) : random_(seed) {}

  void reset() noexcept { longest_ = kFirst; }

  std::chrono::milliseconds next() {
    const auto longest = longest_;
    longest_ = std::min(2 * longest_, kLast);
    return std::chrono::milliseconds(std::uniform_int_distribution<std::chrono::milliseconds::rep>(
        longest.count() / 2, longest.count())(random_));
  }

  static constexpr std::chrono::milliseconds kFirst{200};
  static constexpr std::chrono::milliseconds kLast{30'000};

 private:
  std::minstd_rand random_;
  std::chrono::milliseconds longest_ = kFirst;
};

}  // namespace epoch::ldap
