// What one process of the host does for the store now and then: sees that it is sound, frees what
// killed processes held, removes old sessions and counts those that live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/ports.h"
#include "httpd/shared_census.h"
#include "store/lmdb_store.h"

namespace epoch::httpd {

// One a process. For a timer, whose callbacks never overlap.
class Upkeep {
 public:
  // A step looks at no more than so many records, and yields the write lock after so few. After so
  // many steps, which all processes count together, one reads the whole store through.
  explicit Upkeep(std::size_t records_a_step = 100'000, std::size_t records_at_once = 1'000,
                  std::uint64_t steps_a_reading = 120) noexcept
      : records_a_step_(records_a_step),
        records_at_once_(records_at_once),
        steps_a_reading_(steps_a_reading) {}

  // Goes on where the step before has ended, so that stores of any size are passed over in the end.
  // After the last record, publishes the census. What goes wrong is logged.
  void step(store::LmdbStore& store, SharedCensus& census, core::TimePoint now,
            const store::Log& log);

 private:
  const std::size_t records_a_step_;
  const std::size_t records_at_once_;
  const std::uint64_t steps_a_reading_;
  std::optional<core::RecordKey> next_;
  Census counted_;  // since the pass began
};

}  // namespace epoch::httpd
