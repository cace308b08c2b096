// What the process that watches the directories has to say, for all processes to show.
#pragma once

#include <httpd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "httpd/robust_mutex.h"
#include "ldap/watcher_status.h"

namespace epoch::httpd {

// Lives in memory that httpd's processes share (make_shared_by_processes()).
class SharedWatchStatus {
 public:
  static constexpr std::size_t kMostWatches = 32;

  // For the thread of watch `number`.
  void publish(std::size_t number, const ldap::WatcherStatus& status) noexcept;

  // nullopt where nobody has said anything for a while: the process that did has ended, and no
  // other has taken over yet.
  [[nodiscard]] std::optional<ldap::WatcherStatus> read(std::size_t number) noexcept;

 private:
  struct Slot {
    std::int64_t published;  // seconds since 1970; 0: never
    std::int64_t since;
    std::int64_t last_change;    // 0: none
    std::int64_t current_as_of;  // 0: never
    std::uint64_t entries;
    std::uint64_t ended;
    ldap::WatcherState state;
    ldap::Method method;
    std::array<char, 240> error;  // ends with 0
  };

  RobustMutex mutex_;
  std::array<Slot, kMostWatches> slots_{};
};

}  // namespace epoch::httpd
