// Compares what the directory shows with what the ledger knows, and ends sessions.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/watch_ledger.h"
#include "ldap/account_state.h"
#include "ldap/log.h"

namespace epoch::ldap {

// An entry that AuthLDAPURL finds, as the directory shows it now.
struct Shown {
  core::EntryUuid uuid{};
  std::string dn;
  Standing standing;
};

// An entry's account, all of whose sessions have been ended for what the directory shows.
struct EndedAccount {
  std::string_view dn;
  core::EndReason reason;
};

// Called once for each, when it is durable, from the watcher's thread.
using OnEnded = std::function<void(const EndedAccount&)>;

struct Tally {
  std::size_t entries = 0;                       // in the ledger
  std::uint64_t ended = 0;                       // accounts whose sessions were ended
  std::optional<core::TimePoint> last_change{};  // when the ledger last changed
};

// One watch's book. Changes are gathered and written at most kBatch at a time, each batch in one
// transaction; nothing is logged as ended that is not. For one thread; the ledger outlives it.
//
// An account's sessions end for what has changed since the ledger was written. An entry that the
// ledger does not know ends nobody's, whatever its state, so that the first run ends none. An entry
// with another UUID under a known DN is a rebuilt directory's, or an account that was made anew:
// it is compared with what was known under that DN.
//
// Where the ledger cannot be written because the store has no room, the sessions end all the same,
// once; the error is returned, and the caller must come again from the last cookie.
class Book {
 public:
  static constexpr std::size_t kBatch = 500;

  Book(core::WatchLedger& ledger, const core::WatchId& watch, std::string directory_url, Log log,
       OnEnded on_ended = {});

  // Counts the entries. To be called before anything else.
  core::Result<core::Done> open();

  core::Result<std::optional<std::string>> cookie();
  core::Result<std::optional<core::WatchedEntry>> find(const core::EntryUuid& uuid);
  core::Result<core::WatchPage> list(const std::optional<core::EntryUuid>& from);

  // Whether another entry than the one that had this DN has it now.
  core::Result<bool> is_taken_over(const core::WatchedEntry& entry);

  core::Result<core::Done> shown(const Shown& entry, core::TimePoint now);

  // Deleted, or no longer found by AuthLDAPURL.
  core::Result<core::Done> gone(const core::EntryUuid& uuid, core::TimePoint now);

  // The entry is another's by now, and has been compared with it: ends nothing.
  core::Result<core::Done> forget(const core::EntryUuid& uuid, core::TimePoint now);

  // Ends those whose accounts have expired by themselves since.
  core::Result<core::Done> expire(core::TimePoint now);

  // Writes what has been gathered, and in the same transaction the cookie that stands for it.
  core::Result<core::Done> commit(std::optional<std::string> cookie, core::TimePoint now);

  [[nodiscard]] bool has_changes() const noexcept { return !staged_uuids_.empty(); }
  [[nodiscard]] const Tally& tally() const noexcept { return tally_; }
  [[nodiscard]] const Log& log() const noexcept { return log_; }

  // Drops what was gathered but not written: the conversation with the directory has broken off.
  void discard() noexcept;

 private:
  // What ends a session, and what it is known by where the ledger could not be written.
  struct Ending {
    core::Hash256 mark;
    core::Revocation revocation;
    std::string dn;
    std::string line;
  };

  void stage_put(const core::WatchedEntry& entry, bool is_new);
  void stage_erase(const core::EntryUuid& uuid);
  core::Result<core::Done> make_room_for(const core::EntryUuid& uuid, core::TimePoint now);
  void stage_end(const core::WatchedEntry& before, core::EndReason reason, const Shown* after);
  void end_unrecorded();
  void tell(const Ending& ending);
  void settle(core::TimePoint now);

  core::WatchLedger& ledger_;
  const core::WatchId watch_;
  const std::string directory_url_;
  const Log log_;
  const OnEnded on_ended_;
  Tally tally_;
  core::WatchChanges staged_;
  std::set<core::EntryUuid> staged_uuids_;
  std::vector<Ending> endings_;
  std::size_t staged_new_ = 0;
  // Ended while the store had no room to note it: not to be ended again when it is seen again.
  std::set<core::Hash256> ended_unrecorded_;
};

}  // namespace epoch::ldap
