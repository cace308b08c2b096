// The session record, and when a session is live.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/credentials.h"
#include "core/lineage.h"
#include "core/shared.h"

namespace epoch::core {

using Seconds = std::chrono::seconds;
using TimePoint = std::chrono::sys_time<Seconds>;

inline constexpr Seconds kChallengeLife = std::chrono::hours(24);

// For how long ended sessions and roots stay in the store, as tombstones: for the life of a
// challenge that names them, and as much again, by which the clock may be wrong meanwhile. Else a
// clock that is set back could make such a challenge good again, and what it opens would be the
// session that has ended.
inline constexpr Seconds kRemembered = 2 * kChallengeLife;

// The epochs a session was opened under. They only grow; a session lives while none has grown.
struct Epochs {
  std::uint64_t store = 0;
  std::uint64_t zone = 0;
  std::uint64_t user = 0;
  std::uint64_t account = 0;
  friend bool operator==(const Epochs&, const Epochs&) = default;
};

enum class EndReason : std::uint8_t {
  LoggedOut = 1,    // this browser asked for it
  Superseded = 2,   // the same browser logged in anew: the successor lives
  IdleTimeout = 3,  // not seen for longer than AuthEpochIdleTimeout
  MaxAge = 4,       // older than AuthEpochMaxAge
  EpochGrown = 5,   // a logout everywhere
  // What the directory said:
  PasswordRefused = 6,        // when it was asked again (AuthEpochRevalidate)
  PasswordChanged = 7,        // these and what follows: AuthEpochLDAPWatch
  AccountBarred = 8,          // locked, disabled or expired
  AccountGone = 9,            // deleted, or no longer found by AuthLDAPURL
  AccountRenamed = 10,        // the DN is another
  EndedByAdministrator = 11,  // with epochctl
  SessionLimit = 12,          // a later login was one too many (AuthEpochMaxSessions)
};

// In the words of logs and AUTH_EPOCH_REASON: "logged-out", "superseded", "idle-timeout", ...
std::string_view to_string(EndReason reason) noexcept;

// Whether it is one of the above, for what was read from a store.
bool is_end_reason(EndReason reason) noexcept;

struct End {
  EndReason reason;
  TimePoint at;
};

// What a browser files credentials under, origin and realm, in short; see space_tag().
using SpaceTag = std::array<std::uint8_t, 8>;

// A fingerprint of the provider list and every provider directive in force: who checked the
// password.
using Verifier = std::array<std::uint8_t, 16>;

// The first half of a SHA-256 over all of that.
Verifier verifier_of(const Hash256& digest) noexcept;

// An entry of a directory; see account_of().
using AccountId = Hash256;

// What the provider found out about the user when it verified the password.
struct Identity {
  std::string user;  // as the provider left it in r->user
  // Where a directory verified: the entry, and its DN as the directory spells it.
  std::optional<AccountId> account = {};
  std::string dn = {};
  // The environment variables that the provider set: AUTHENTICATE_MAIL and the like.
  std::vector<std::pair<std::string, std::string>> variables = {};

  friend bool operator==(const Identity&, const Identity&) = default;
};

struct Session {
  Identity identity;
  std::string zone;  // the zone's name; with the identity it selects the epochs
  Hash256 proof{};   // proof_of(id, credentials)
  Verifier verifier{};
  TimePoint created{};
  TimePoint authenticated{};  // when a person last answered a prompt
  TimePoint verified{};       // when the provider last said yes
  TimePoint last_seen{};
  TimePoint expires{};  // created + AuthEpochMaxAge where it was opened
  Epochs opened_under{};
  SpaceTag space{};  // the origin and realm whose prompt was answered
  // Opened by AuthEpoch Report, which refuses nothing: neither credentials that nobody was asked
  // for, nor a password that the provider knows from a cache. Worth nothing where AuthEpoch is On.
  bool unprompted = false;
  std::string address;
  std::string user_agent;
  std::optional<End> end;
};

struct NamedSession {
  RecordKey key;
  Shared<Session> session;
};

// Others that share the session see no change.
void mark_ended(NamedSession& named, EndReason reason, TimePoint at);

// What a lineage root leads to. Kept with the session whose id the root is made of; for a new
// client's random root it stands alone.
struct Succession {
  std::uint32_t generation = 0;      // raised by each logout; older lineages are closed
  std::optional<Hash256> successor;  // lineage root of the session that followed
  std::uint32_t signing_key = 0;     // id of the key the successor's id was made with
  TimePoint changed{};               // when any of the above last changed
};

// One record of the store.
struct Record {
  Succession succession;
  std::optional<Session> session;  // nullopt: the root of a new client's lineage
};

// HMAC keyed with the id over user and password: a stolen store opens nothing and cracks nothing.
Hash256 proof_of(const SessionId& id, const Credentials& credentials);

// The limits of the location that asks.
struct Limits {
  Seconds idle;
  Seconds max_age;
  friend bool operator==(const Limits&, const Limits&) = default;
};

// How often last-seen is written: the smaller of a minute and a quarter of the idle timeout.
Seconds flush_interval(Seconds idle_limit) noexcept;

// What the epoch of a user in a zone counts for: the account, so that `Alice` and `alice` are one
// person where the directory says so; else the name.
std::string subject_of(const Identity& identity);

// When a live session ends by itself if nothing happens meanwhile.
struct Deadlines {
  TimePoint idle;  // moved on by requests; last-seen is written late, so this allows for that
  TimePoint age;
};
Deadlines deadlines_of(const Session& session, const Limits& limits) noexcept;

// Why a session that has not been ended is nevertheless over; nullopt while it is live. `outgrown`
// is why one of its epochs has grown, nullopt where none has.
std::optional<EndReason> overdue(const Session& session, std::optional<EndReason> outgrown,
                                 const Limits& limits, TimePoint now) noexcept;

// Live: neither ended nor overdue.
bool is_live(const Session& session, std::optional<EndReason> outgrown, const Limits& limits,
             TimePoint now) noexcept;

// Whether the session knows of a verification later than one at `at`. One that lies far ahead does
// not count: it was noted before the clock was set back, and would stand until it is reached again.
bool knows_later(const Session& session, TimePoint at) noexcept;

// From when on purge may forget the record: when no challenge that names it can still be valid.
TimePoint forgettable_from(const Record& record) noexcept;

// The bytes of a record, as docs/formats.md describes them.
std::string encode(const Record& record);

// nullopt for anything that encode() did not write.
std::optional<Record> decode_record(Bytes bytes);

}  // namespace epoch::core
