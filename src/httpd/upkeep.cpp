#include "httpd/upkeep.h"

namespace epoch::httpd {

void Upkeep::step(store::LmdbStore& store, SharedCensus& census, core::TimePoint now,
                  const store::Log& log) {
  const core::Result<core::Done> healthy = store.heal(steps_a_reading_);
  if (!healthy) return;  // said by the store itself
  static_cast<void>(store.reader_check());
  for (std::size_t looked_at = 0; looked_at < records_a_step_; looked_at += records_at_once_) {
    const core::Result<core::Purged> purged = store.purge(next_, records_at_once_, now);
    if (!purged) {
      log(store::Severity::Warning,
          "old sessions could not be purged and stay for now: " + purged.error().detail);
      return;
    }
    for (const auto& [zone, sessions] : purged->live) counted_[zone] += sessions;
    next_ = purged->next;
    if (next_) continue;
    census.publish(counted_);
    counted_.clear();
    return;
  }
}

}  // namespace epoch::httpd
