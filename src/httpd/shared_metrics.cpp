#include "httpd/shared_metrics.h"

#include <algorithm>

namespace epoch::httpd {

void DurationHistogram::add(std::chrono::microseconds time) noexcept {
  const std::uint64_t taken = time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count());
  const auto* const bound = std::lower_bound(kBounds.begin(), kBounds.end(), taken);
  buckets_[static_cast<std::size_t>(bound - kBounds.begin())].add();
  microseconds_.add(taken);
}

std::uint64_t DurationHistogram::up_to(std::size_t bound) const noexcept {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= bound; ++i) count += buckets_[i].value();
  return count;
}

std::chrono::microseconds DurationHistogram::sum() const noexcept {
  return std::chrono::microseconds(microseconds_.value());
}

}  // namespace epoch::httpd
