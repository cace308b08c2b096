#include "core/last_seen.h"

#include <algorithm>
#include <utility>

namespace epoch::core {

void LastSeen::note(const RecordKey& key, const Session& session, const Limits& limits,
                    TimePoint now) {
  if (now - session.last_seen < flush_interval(limits.idle)) return;
  const std::lock_guard lock(mutex_);
  TimePoint& seen = seen_[key];
  seen = std::max(seen, now);
}

TimePoint LastSeen::latest(const RecordKey& key, const Session& session) {
  const std::lock_guard lock(mutex_);
  const auto seen = seen_.find(key);
  return seen == seen_.end() ? session.last_seen : std::max(seen->second, session.last_seen);
}

Result<std::size_t> LastSeen::flush(SessionStore& store) {
  std::map<RecordKey, TimePoint> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(seen_);
  }
  if (batch.empty()) return std::size_t{0};

  std::vector<Touch> touches;
  touches.reserve(batch.size());
  for (const auto& [key, seen] : batch) touches.push_back({.key = key, .seen = seen});
  Result<std::size_t> touched = store.touch(touches);
  if (!touched && touched.error().code == ErrorCode::Unavailable) {
    const std::lock_guard lock(mutex_);
    seen_.merge(batch);  // a later time that came in meanwhile wins
  }
  return touched;
}

}  // namespace epoch::core
