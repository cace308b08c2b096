// Last-seen times on their way to the store, gathered so that no request waits for a write.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "core/ports.h"

namespace epoch::core {

// Thread-safe. Holds one time a session, and no more sessions than are seen between two flushes.
class LastSeen {
 public:
  // Remembers that the session was seen, if what the store has is older than the flush interval.
  void note(const RecordKey& key, const Session& session, const Limits& limits, TimePoint now);

  // When the session was last seen, by this process or as the store has it.
  TimePoint latest(const RecordKey& key, const Session& session);

  // Writes what has been gathered. What could not be written is kept for the next time, unless the
  // store answers that it is damaged.
  Result<std::size_t> flush(SessionStore& store);

 private:
  std::mutex mutex_;
  std::map<RecordKey, TimePoint> seen_;
};

}  // namespace epoch::core
