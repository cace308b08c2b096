#include "core/recent_admissions.h"

#include <algorithm>

namespace epoch::core {
namespace {

constexpr std::size_t kMost = 10000;

}  // namespace

void RecentAdmissions::remember(const RecordKey& key, const Shared<Session>& session,
                                TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (admissions_.size() >= kMost && !admissions_.contains(key)) make_room();
  admissions_.insert_or_assign(key, Admission{.session = session, .at = now});
}

void RecentAdmissions::forget(const RecordKey& key) {
  const std::lock_guard lock(mutex_);
  admissions_.erase(key);
}

std::optional<RecentAdmissions::Admission> RecentAdmissions::find(const RecordKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = admissions_.find(key);
  if (found == admissions_.end()) return std::nullopt;
  return found->second;
}

// Drops the older half, so that the cost is paid once in thousands of admissions.
void RecentAdmissions::make_room() {
  std::vector<TimePoint> times;
  times.reserve(admissions_.size());
  for (const auto& [key, admission] : admissions_) times.push_back(admission.at);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  std::erase_if(admissions_, [&](const auto& entry) { return entry.second.at <= *middle; });
}

}  // namespace epoch::core
