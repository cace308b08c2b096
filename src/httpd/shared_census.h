// How many sessions live in each zone, as the last pass over the whole store has found, for all
// processes to show.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "httpd/robust_mutex.h"

namespace epoch::httpd {

using Census = std::map<std::string, std::uint64_t>;  // by zone

// Lives in memory that httpd's processes share (make_shared_by_processes()). Bounded: of more zones
// than it has room for, those with the first names are kept.
class SharedCensus {
 public:
  void publish(const Census& census) noexcept;

  // Empty until the first pass has ended.
  [[nodiscard]] Census read();

 private:
  struct Zone {
    std::array<char, 512> name;  // longer ones are cut
    std::uint64_t sessions;
  };

  RobustMutex mutex_;
  std::array<Zone, 64> zones_{};
  std::size_t count_ = 0;
};

}  // namespace epoch::httpd
