// The watcher's tables as one transaction sees them: watched (book and UUID -> entry), watched
// names (hash of book and DN -> UUID), watch cookies (book -> where the watcher has got to). A book
// is named by half of its WatchId.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/watch_ledger.h"
#include "store/lmdb_handles.h"
#include "store/tables.h"

namespace epoch::store {

using BookId = std::array<std::uint8_t, 16>;
BookId book_of(const core::WatchId& watch) noexcept;

// One book. Belongs to one transaction and is used by its thread alone.
class Ledger {
 public:
  Ledger(Environment& environment, MDB_txn* txn, const BookId& book) noexcept
      : environment_(environment), txn_(txn), book_(book) {}

  [[nodiscard]] core::Result<std::optional<std::string>> cookie() const;
  [[nodiscard]] core::Result<std::optional<core::WatchedEntry>> entry(
      const core::EntryUuid& uuid) const;
  [[nodiscard]] core::Result<std::optional<core::WatchedEntry>> entry_by_dn(
      std::string_view dn) const;
  [[nodiscard]] core::Result<core::WatchPage> list(const std::optional<core::EntryUuid>& from,
                                                   std::size_t limit) const;

  // Of other books than these, which must be sorted; at most `limit`.
  [[nodiscard]] core::Result<std::vector<std::pair<BookId, core::EntryUuid>>> entries_outside(
      std::span<const BookId> kept, std::size_t limit) const;

  core::Result<core::Done> erase_cookies_outside(std::span<const BookId> kept);

  core::Result<core::Done> put(const core::WatchedEntry& entry);
  core::Result<core::Done> erase(const core::EntryUuid& uuid);
  core::Result<core::Done> put_cookie(std::string_view cookie);

 private:
  [[nodiscard]] core::Result<std::optional<core::EntryUuid>> uuid_of(std::string_view dn) const;
  core::Result<core::Done> forget_name(const core::WatchedEntry& entry);
  core::Result<core::Done> write(MDB_dbi table, core::Bytes key, core::Bytes value);

  Environment& environment_;
  MDB_txn* txn_;
  BookId book_;
};

// Everything or nothing: see core::WatchLedger.
core::Result<core::Done> apply_watch_changes(Tables& tables, const core::WatchId& watch,
                                             const core::WatchChanges& changes);

// Removes the cookies of all books but these, and up to `limit` of their entries. Answers whether
// all have gone.
core::Result<bool> forget_other_books(Tables& tables, std::span<const core::WatchId> keep,
                                      std::size_t limit);

// Whether an entry of these tables is one that was written there.
bool is_watched_entry(core::Bytes key, core::Bytes value);
bool is_watched_name(core::Bytes key, core::Bytes value);
bool is_watch_cookie(core::Bytes key, core::Bytes value);

}  // namespace epoch::store
