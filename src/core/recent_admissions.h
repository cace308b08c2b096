// AuthEpochOnStoreError stale: what this process admitted a moment ago, for while the store is
// gone.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "core/ports.h"

namespace epoch::core {

// Thread-safe, bounded. Empty unless the administrator asked for it.
class RecentAdmissions {
 public:
  struct Admission {
    Shared<Session> session;
    TimePoint at;
  };

  void remember(const RecordKey& key, const Shared<Session>& session, TimePoint now);
  void forget(const RecordKey& key);
  [[nodiscard]] std::optional<Admission> find(const RecordKey& key) const;

 private:
  void make_room();

  mutable std::mutex mutex_;
  std::map<RecordKey, Admission> admissions_;
};

}  // namespace epoch::core
