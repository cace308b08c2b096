// Logins that failed, in all processes, so that whoever guesses passwords is slowed
// (AuthEpochFailedLogins).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/session.h"
#include "httpd/robust_mutex.h"

namespace epoch::httpd {

// How many failed logins are let pass within a time: of one user from one address. Of one user from
// all addresses it is three times as many, from one address for all users ten times.
struct FailureLimit {
  std::uint32_t failures = 0;
  std::int64_t window_ms = 0;
};

// What a login counts for. Hashes with a key of this start, so that nobody can tell which names
// share a place, and nobody reads names here.
struct LoginName {
  std::uint64_t pair = 0;  // the user from this address
  std::uint64_t user = 0;
  std::uint64_t address = 0;
  std::uint64_t answer = 0;  // the credentials
};

// Whether a login may be tried now.
struct Turn {
  std::int64_t wait_ms = 0;  // 0: it may
  bool is_news = false;      // it may not, and the same credentials have not been told so before
  // It counts as failed, in so many counters, until it is taken back or succeeds.
  std::size_t counters = 0;
  std::int64_t began = 0;
};

// Lives in memory that httpd's processes share (make_shared_by_processes()), over restarts too.
//
// Each counter forgets as time passes, evenly, its whole allowance within the window. Who is beyond
// it waits after each failure, a sixtieth of the window at first, then twice as long each time and
// the window at most. A try counts before its outcome is known: otherwise many at once would all
// find the counters as they were before the first has failed.
//
// Bounded: where there is no room, the counter that is nearest to zero loses one, for the benefit
// of nobody; the newcomer gets its place once it has reached zero. So a flood of names makes nobody
// wait longer, and to be forgotten costs as many failures from fresh addresses as there are places.
class SharedFailures {
 public:
  // Once, before the fork.
  void set_key(const core::Hash256& key) noexcept { key_ = key; }

  // `encoded_credentials` are as the client sent them. Names that differ only in the case of ASCII
  // letters and in spaces are one user's, as directories see it, and an IPv6 network of 64 bits
  // is one address. The same name is another user's where another verifier decides.
  [[nodiscard]] LoginName name(const core::Verifier& verifier, std::string_view user,
                               std::string_view encoded_credentials,
                               std::string_view address) const;

  // Times are milliseconds of a clock that never goes back. The credentials that were tried last
  // may be tried again for ten seconds, and count once: that is what waits in a browser's queue. A
  // user who has logged in from this address before counts, and waits, for this pair alone: what
  // others do with the name, or from the same address, keeps nobody out who has been here.
  Turn begin(const LoginName& login, const FailureLimit& limit, std::int64_t now) noexcept;

  // The password was right: the pair starts anew, and is known from now on.
  void succeed(const LoginName& login, const Turn& turn, std::int64_t now) noexcept;

  // It could not be found out.
  void take_back(const LoginName& login, const Turn& turn, std::int64_t now) noexcept;

 private:
  struct Counter {
    std::uint64_t name;
    std::int64_t empty_at;    // a step for each failure that is not yet forgotten; 0: free
    std::int64_t counted_at;  // the last failure, ...
    std::int64_t earlier_at;  // ... and the last but one
    std::int64_t step;        // how long it takes to forget one
    std::uint64_t answer;     // pairs: the credentials of the last failure
    std::uint64_t refused;    // the credentials that were last told to wait
  };
  struct Acquaintance {
    std::uint64_t pair;
    std::int64_t seen;  // 0: free
  };
  static constexpr std::size_t kSets = 2048;
  static constexpr std::size_t kPlaces = 16;  // of a set

  Counter* find(std::uint64_t name, std::int64_t now) noexcept;
  Counter* make_room(std::uint64_t name, std::int64_t now) noexcept;
  Counter* count(std::uint64_t name, std::int64_t allowance, std::int64_t window,
                 std::int64_t now) noexcept;
  void uncount(const LoginName& login, const Turn& turn, std::int64_t now) noexcept;
  Acquaintance* acquaintance(std::uint64_t pair) noexcept;
  void remember(std::uint64_t pair, std::int64_t now) noexcept;
  bool is_known(std::uint64_t pair, std::int64_t now) noexcept;
  void forget_all() noexcept;

  RobustMutex mutex_;
  core::Hash256 key_{};
  std::array<std::array<Counter, kPlaces>, kSets> counters_{};
  std::array<std::array<Acquaintance, kPlaces>, kSets> known_{};
};

}  // namespace epoch::httpd
