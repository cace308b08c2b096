// The watcher's tables as one transaction sees them: watched (watch and UUID -> entry), watched
// names (hash of watch and DN -> UUID), watch cookies (watch -> where the watcher has got to).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/watch_ledger.h"
#include "store/lmdb_handles.h"
#include "store/tables.h"

namespace epoch::store {

// One book. Belongs to one transaction and is used by its thread alone.
class Ledger {
 public:
  Ledger(Environment& environment, MDB_txn* txn, const core::WatchId& watch) noexcept
      : environment_(environment), txn_(txn), watch_(watch) {}

  [[nodiscard]] core::Result<std::optional<std::string>> cookie() const;
  [[nodiscard]] core::Result<std::optional<core::WatchedEntry>> entry(
      const core::EntryUuid& uuid) const;
  [[nodiscard]] core::Result<std::optional<core::WatchedEntry>> entry_by_dn(
      std::string_view dn) const;
  [[nodiscard]] core::Result<core::WatchPage> list(const std::optional<core::EntryUuid>& from,
                                                   std::size_t limit) const;

  core::Result<core::Done> put(const core::WatchedEntry& entry);
  core::Result<core::Done> erase(const core::EntryUuid& uuid);
  core::Result<core::Done> put_cookie(std::string_view cookie);

 private:
  [[nodiscard]] core::Result<std::optional<core::EntryUuid>> uuid_of(std::string_view dn) const;
  core::Result<core::Done> forget_name(const core::WatchedEntry& entry);
  core::Result<core::Done> write(MDB_dbi table, core::Bytes key, core::Bytes value);

  Environment& environment_;
  MDB_txn* txn_;
  core::WatchId watch_;
};

// Everything or nothing: see core::WatchLedger.
core::Result<core::Done> apply_watch_changes(Tables& tables, const core::WatchId& watch,
                                             const core::WatchChanges& changes);

// Whether an entry of these tables is one that was written there.
bool is_watched_entry(core::Bytes key, core::Bytes value);
bool is_watched_name(core::Bytes key, core::Bytes value);
bool is_watch_cookie(core::Bytes key, core::Bytes value);

}  // namespace epoch::store
