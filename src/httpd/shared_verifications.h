// Verifications that are under way or have just ended, in all processes, so that ten requests which
// wait on one typed answer cost one bind, and one typing error does not lock the account.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "httpd/robust_mutex.h"

namespace epoch::httpd {

// What is known of a verification by others.
enum class Known {
  Nothing,    // the caller is the one to ask, and must call finish()
  Succeeded,  // just now
  Failed,     // just now, with this result
};

struct Earlier {
  Known known = Known::Nothing;
  int result = 0;          // LDAP result code, where it failed
  bool is_answer = false;  // the directory's no; else it could not be asked
  std::uint64_t ticket = 0;
};

// Lives in memory that httpd's processes share (make_shared_by_processes()). Bounded: where there
// is no room, everybody asks for themselves. Holds hashes only, no credentials.
class SharedVerifications {
 public:
  // Names a turn at asking. 0: nobody waits for it.
  using Ticket = std::uint64_t;

  // Tells what came of the same verification if it ended within the last two seconds, and waits
  // while it is under way, up to a minute; then the caller asks for itself. Takes over from a
  // process that has died in it.
  Earlier join(const core::Hash256& what) noexcept;

  // How long what came of it holds.
  enum class Worth : std::uint8_t {
    ForTheWaiting,  // an outage: whoever comes now tries anew
    ForAMoment,     // a yes or a no: also for those who come within two seconds
  };

  // Gives the result (0: success) to the others.
  void finish(const core::Hash256& what, Ticket ticket, int result, Worth worth) noexcept;

 private:
  enum class State : std::uint8_t { Free, UnderWay, Ended };
  struct Slot {
    core::Hash256 what;
    State state;
    Worth worth;
    int result;
    pid_t asker;
    Ticket ticket;
    std::int64_t since;  // milliseconds of the monotonic clock, which all processes share
  };

  Slot* find(const core::Hash256& what) noexcept;
  Slot* slot_to_use() noexcept;
  bool try_join(const core::Hash256& what, std::int64_t began, Earlier& earlier) noexcept;

  static constexpr std::size_t kSlots = 1024;
  RobustMutex mutex_;
  Ticket tickets_ = 0;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace epoch::httpd
