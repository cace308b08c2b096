// What was found in the store, kept decoded until it changes there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/ports.h"
#include "core/slots.h"
#include "store/tables.h"

namespace epoch::store {

// Belongs to one environment. Thread-safe. A commit has a number, and nothing that was read under
// one can differ while that is the last: then what was found then is the answer. After another
// commit the record's bytes and its epochs are read again, and if they are the same, so is what was
// found. So the answer is always that of the transaction which asks, or of the last commit.
class LookCache {
 public:
  explicit LookCache(std::size_t sessions) : entries_(sessions) {}

  core::Result<core::Look> find(const Tables& tables, const core::RecordKey& key);

  // What was found under the commit that is the last at this moment; nullopt where nothing was.
  std::optional<core::Look> find_known(const core::RecordKey& key, const core::StoreMoment& moment);

 private:
  struct Kept {
    core::RecordKey key;
    core::Found found;
    std::string bytes;  // as they stand in the store
    EpochKeys epoch_keys;
  };
  struct Entry {
    std::shared_ptr<const Kept> kept;
    std::uint64_t commit = 0;  // the last of which it is known to be true
  };

  static core::Look look_at(std::shared_ptr<const Kept> kept, const core::StoreMoment& moment);
  [[nodiscard]] Entry entry_for(const core::RecordKey& key);
  void keep(Entry entry);

  core::Slots<Entry> entries_;
};

}  // namespace epoch::store
