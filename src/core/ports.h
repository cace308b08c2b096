// What the core asks of the world: a store and a source of randomness.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/lineage.h"
#include "core/result.h"
#include "core/session.h"

namespace epoch::core {

// A position in the store's order of commits. Commits only ever raise it; moments of two different
// stores (after one was set aside, say) never compare as equal or later.
struct StoreMoment {
  std::uint64_t instance = 0;
  std::uint64_t commit = 0;
};

// A record and, where an epoch has grown since its session was opened, why.
struct Found {
  Record record;
  std::optional<EndReason> outgrown;
};

// Others may hold what was found as well: it is not changed, and what comes later is another.
struct Look {
  std::shared_ptr<const Found> found;  // nullptr: the store has no such record
  StoreMoment moment;                  // everything committed up to here has been seen
};

// AuthEpochMaxSessions: how many live sessions a user may have in the zone.
struct SessionLimit {
  std::size_t most;  // at least 1
  bool deny;         // the login that would be one too many; else the oldest session ends
  friend bool operator==(const SessionLimit&, const SessionLimit&) = default;
};

// A login that the provider has verified, about to become a session.
struct Opening {
  RecordKey key;              // of the new session
  Hash256 root;               // its lineage root, v(id): what its predecessor will point to
  Session session;            // opened_under is filled in by the store
  Lineage follows;            // the lineage of the challenge that was answered
  std::uint32_t signing_key;  // id of the key the session id was made with
  StoreMoment seen;           // taken before the credentials went to the provider
  Limits limits;              // of the location, to tell whether others are live
  TimePoint now;
  std::optional<SessionLimit> session_limit = {};
};

enum class OpenOutcome {
  Opened,    // a new session
  Joined,    // the same answer had already opened it, and it lives
  Conflict,  // something ended, closed or grew since `seen`; nothing was opened
  TooMany,   // the user has as many sessions as the limit allows; nothing was opened
};

struct Opened {
  OpenOutcome outcome;
  Session session;  // as stored; not meaningful where nothing was opened
  // What ended with it: what the same browser had before, and what the limit left no room for.
  std::vector<NamedSession> ended = {};
};

// Whose sessions an epoch increment ends.
enum class Reach { UserInZone, Zone, Everything };

struct Sweep {
  Reach reach;
  std::string zone;                 // where reach is not Everything
  std::string subject;              // where reach is UserInZone; see subject_of()
  std::optional<RecordKey> except;  // a live session that is carried over to the new epoch
  EndReason reason = EndReason::EpochGrown;
};

// A logout: ends whatever lives from `root` down the chain of successors and closes the lineage at
// its end.
struct Closing {
  Hash256 root;
  EndReason reason;
  TimePoint at;
  std::optional<Sweep> sweep;  // in the same transaction, one epoch increment
};

struct Closed {
  std::optional<Lineage> next;   // what may follow; nullopt where the store knows no such root
  std::vector<RecordKey> ended;  // the sessions that were not ended before
};

struct Touch {
  RecordKey key;
  TimePoint seen;
};

// The provider has verified a live session's password again.
struct Verification {
  RecordKey key;
  Identity identity;  // as found this time
  TimePoint at;       // when the provider was asked
};

enum class VerifyOutcome {
  Noted,
  Over,     // the session is absent, ended or outgrown: nothing was written
  Another,  // the provider has found somebody else than before: nothing was written
};

struct Listed {
  RecordKey key;
  Session session;
  std::optional<EndReason> outgrown;
};

struct ListPage {
  std::vector<Listed> sessions;
  std::optional<RecordKey> next;  // where the next page begins; nullopt after the last
};

// A place in an index. Opaque, and of use to the store that gave it alone.
using Position = std::string;

// Sessions that have not been ended and that no epoch has outgrown. They may be overdue.
struct IndexPage {
  std::vector<NamedSession> sessions;
  std::optional<Position> next = {};  // where the next page begins; nullopt after the last
};

struct Purged {
  std::size_t scanned = 0;
  std::size_t removed = 0;
  // How many of what was looked at are sessions that have not ended, are outgrown by no epoch, and
  // are not older than they may become; by zone.
  std::map<std::string, std::uint64_t> live = {};
  std::optional<RecordKey> next;  // where to go on; nullopt when the whole store has been seen
};

// Sessions and epochs. Three answers, never two: found, absent, unavailable. Every method may be
// called from any thread; every change is durable (synced) before the method returns.
class SessionStore {
 public:
  virtual ~SessionStore() = default;

  // Random, made with the store; challenges of another store are worthless.
  virtual Result<Hash256> instance() = 0;

  virtual Result<StoreMoment> moment() = 0;

  virtual Result<Look> find(const RecordKey& key) = 0;

  // One transaction: insert if absent; no epoch of this account, user, zone or store has grown
  // since `seen`; the followed lineage is open (its record, if there is one, has this generation,
  // and its successor, if there is one, is live). Then the session that the lineage names ends as
  // Superseded, a live successor that it had for other credentials likewise, and each points to the
  // new session. A root that the store does not know gets a record of its own. Where the user then
  // has more live sessions than the limit allows, the oldest end as SessionLimit, or nothing is
  // opened; overdue ones that are met end on the occasion.
  virtual Result<Opened> open(const Opening& opening) = 0;

  // Moves verified forward and keeps the identity as it was found; one that comes late changes
  // nothing, unless the clock was set back since.
  virtual Result<VerifyOutcome> note_verified(const Verification& verification) = 0;

  // Ends one session. A no-op, and `false`, where it is absent or ended already.
  virtual Result<bool> end(const RecordKey& key, EndReason reason, TimePoint at) = 0;

  virtual Result<Closed> close(const Closing& closing) = 0;

  // Raises one epoch, whatever the number of sessions. Returns the new value. An account's epoch is
  // raised by the watcher alone (WatchLedger::apply).
  virtual Result<std::uint64_t> sweep(const Sweep& sweep, TimePoint at) = 0;

  // Moves last-seen forward, never backward, and only of sessions that are not ended. Touching what
  // is ended or absent is a no-op, never an upsert. Returns how many moved.
  virtual Result<std::size_t> touch(std::span<const Touch> touches) = 0;

  // Sessions in key order, from `from` on, at most `limit` (at least 1).
  virtual Result<ListPage> list(const std::optional<RecordKey>& from, std::size_t limit) = 0;

  // The sessions of a user in a zone, the oldest login first. A position of somebody else's list
  // begins this one anew.
  virtual Result<IndexPage> list_of(const Identity& user, std::string_view zone,
                                    const std::optional<Position>& from, std::size_t limit) = 0;

  // The sessions of users whose names begin so (ASCII letters of either case are the same), in the
  // order of their names. Where many sessions have been outgrown, a page may hold fewer than
  // `limit`, or none, though there are more: see `next`.
  virtual Result<IndexPage> list_by_name(std::string_view beginning,
                                         const std::optional<Position>& from,
                                         std::size_t limit) = 0;

  // Looks at up to `limit` records from `from` on and removes those that are forgettable at `now`.
  virtual Result<Purged> purge(const std::optional<RecordKey>& from, std::size_t limit,
                               TimePoint now) = 0;
};

// Cryptographic randomness. Throws std::runtime_error where the system has none to give.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

}  // namespace epoch::core
