// Directories that do not answer, as all processes know it: so that not every request waits for
// mod_ldap's timeouts, and the log is told once.
#pragma once

#include <array>
#include <cstdint>

#include "core/session.h"
#include "httpd/robust_mutex.h"

namespace epoch::httpd {

// Lives in memory that httpd's processes share (make_shared_by_processes()). Bounded: of more
// directories than it has room for nothing is known: each request finds out for itself, and the
// log says nothing.
class SharedOutages {
 public:
  // False while it is known to be out and has been asked less than two seconds ago.
  bool may_ask(const core::Verifier& verifier) noexcept;

  // True where that is news.
  bool note_failure(const core::Verifier& verifier) noexcept;
  bool note_answer(const core::Verifier& verifier) noexcept;

 private:
  struct Outage {
    bool used;
    core::Verifier verifier;
    std::int64_t next_try;  // milliseconds of the monotonic clock
  };
  Outage* find(const core::Verifier& verifier) noexcept;

  RobustMutex mutex_;
  std::array<Outage, 64> outages_{};
};

}  // namespace epoch::httpd
