#include "httpd/shared_census.h"

#include <algorithm>
#include <cstring>

namespace epoch::httpd {

void SharedCensus::publish(const Census& census) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return;
  count_ = 0;
  for (const auto& [name, sessions] : census) {
    if (count_ == zones_.size()) break;
    Zone& zone = zones_[count_++];
    zone.sessions = sessions;
    zone.name.fill('\0');
    std::memcpy(zone.name.data(), name.data(), std::min(name.size(), zone.name.size() - 1));
  }
}

Census SharedCensus::read() {
  Census census;
  const RobustMutex::Lock lock(mutex_);
  // What a killed process has half written is as good as nothing; the next pass writes it anew.
  if (!lock.held() || lock.inherited()) return census;
  for (std::size_t i = 0; i < std::min(count_, zones_.size()); ++i) {
    census[zones_[i].name.data()] += zones_[i].sessions;
  }
  return census;
}

}  // namespace epoch::httpd
