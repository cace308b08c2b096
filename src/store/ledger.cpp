#include "store/ledger.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/text.h"
#include "store/environment.h"
#include "store/lmdb_errors.h"

namespace epoch::store {
namespace {

using core::bytes_of;
using core::Done;
using core::EntryUuid;
using core::Hash256;
using core::Result;
using core::WatchedEntry;

using EntryKey = std::array<std::uint8_t, sizeof(BookId) + sizeof(EntryUuid)>;

EntryKey key_of(const BookId& book, const EntryUuid& uuid) noexcept {
  EntryKey key{};
  std::copy(uuid.begin(), uuid.end(), std::copy(book.begin(), book.end(), key.begin()));
  return key;
}

// Of a key of the right length.
BookId book_in(core::Bytes key) noexcept {
  BookId book{};
  std::copy_n(key.begin(), book.size(), book.begin());
  return book;
}

EntryUuid uuid_in(core::Bytes key) noexcept {
  EntryUuid uuid{};
  std::copy_n(key.begin() + sizeof(BookId), uuid.size(), uuid.begin());
  return uuid;
}

Hash256 name_key(const BookId& book, std::string_view dn) {
  return core::account_of(core::text_of(book), dn);
}

// The bytes of an entry: docs/formats.md has the table.
constexpr std::size_t kDnAt = 26;
constexpr std::uint8_t kEntryVersion = 1;
enum EntryFlag : std::uint8_t {
  kHasTime = 1,
  kHasValue = 2,
  kBarred = 4,
  kExpires = 8,
  kAllEntryFlags = 15,
};

void put_number(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
}

std::uint64_t number_at(core::Bytes bytes, std::size_t at) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

std::string encode(const WatchedEntry& entry) {
  const core::AccountState& state = entry.state;
  unsigned flags = 0;
  if (state.password_time) flags |= kHasTime;
  if (state.password_value) flags |= kHasValue;
  if (state.barred) flags |= kBarred;
  if (state.expires) flags |= kExpires;
  std::string out{static_cast<char>(kEntryVersion), static_cast<char>(flags)};
  put_number(out, state.password_time.value_or(0));
  put_number(out, state.password_value.value_or(0));
  const std::int64_t expires = state.expires ? state.expires->time_since_epoch().count() : 0;
  put_number(out, static_cast<std::uint64_t>(expires));
  return out + entry.dn;
}

std::optional<WatchedEntry> decode_entry(core::Bytes key, core::Bytes value) {
  if (key.size() != EntryKey().size() || value.size() <= kDnAt) return std::nullopt;
  const unsigned flags = value[1];
  if (value[0] != kEntryVersion || (flags & ~unsigned{kAllEntryFlags}) != 0) return std::nullopt;
  WatchedEntry entry;
  entry.uuid = uuid_in(key);
  entry.dn = core::text_of(value.subspan(kDnAt));
  if ((flags & kHasTime) != 0) entry.state.password_time = number_at(value, 2);
  if ((flags & kHasValue) != 0) entry.state.password_value = number_at(value, 10);
  entry.state.barred = (flags & kBarred) != 0;
  if ((flags & kExpires) != 0) {
    const auto expires = static_cast<std::int64_t>(number_at(value, 18));
    entry.state.expires = core::TimePoint(core::Seconds(expires));
  }
  return entry;
}

core::Error no_room() {
  return {core::ErrorCode::Unavailable,
          "The session store is full: what the directory watcher has learned about entries finds "
          "no room. Larger limits or a shorter AuthEpochMaxAge are needed."};
}

}  // namespace

BookId book_of(const core::WatchId& watch) noexcept {
  BookId book{};
  std::copy_n(watch.begin(), book.size(), book.begin());
  return book;
}

Result<std::optional<std::string>> Ledger::cookie() const {
  MDB_val key = val_of(book_);
  MDB_val value{};
  const int code = mdb_get(txn_, environment_.layout().watch_cookies, &key, &value);
  if (code == MDB_NOTFOUND) return std::optional<std::string>();
  if (code != MDB_SUCCESS) return environment_.failed(code, "read the watcher's position");
  return std::optional(std::string(core::text_of(store::bytes_of(value))));
}

Result<std::optional<WatchedEntry>> Ledger::entry(const EntryUuid& uuid) const {
  const EntryKey bytes = key_of(book_, uuid);
  MDB_val key = val_of(bytes);
  MDB_val value{};
  const int code = mdb_get(txn_, environment_.layout().watched, &key, &value);
  if (code == MDB_NOTFOUND) return std::optional<WatchedEntry>();
  if (code != MDB_SUCCESS) return environment_.failed(code, "read a watched entry");
  std::optional<WatchedEntry> entry = decode_entry(bytes, store::bytes_of(value));
  if (!entry) return environment_.met_damage("a watched entry");
  return entry;
}

Result<std::optional<WatchedEntry>> Ledger::entry_by_dn(std::string_view dn) const {
  const Result<std::optional<EntryUuid>> uuid = uuid_of(dn);
  if (!uuid) return uuid.error();
  if (!*uuid) return std::optional<WatchedEntry>();
  return entry(**uuid);
}

Result<core::WatchPage> Ledger::list(const std::optional<EntryUuid>& from,
                                     std::size_t limit) const {
  CursorHandle cursor;
  int code = open_cursor(txn_, environment_.layout().watched, cursor);
  const EntryKey first = key_of(book_, from.value_or(EntryUuid{}));
  MDB_val key = val_of(first);
  MDB_val value{};
  core::WatchPage page;
  if (code == MDB_SUCCESS) code = mdb_cursor_get(cursor.get(), &key, &value, MDB_SET_RANGE);
  for (; code == MDB_SUCCESS; code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) {
    const core::Bytes name = store::bytes_of(key);
    if (name.size() != first.size()) return environment_.met_damage("the key of a watched entry");
    if (book_in(name) != book_) return page;
    if (page.entries.size() == limit) {
      page.next = uuid_in(name);
      return page;
    }
    std::optional<WatchedEntry> entry = decode_entry(name, store::bytes_of(value));
    if (!entry) return environment_.met_damage("a watched entry");
    page.entries.push_back(*std::move(entry));
  }
  if (code != MDB_NOTFOUND) return environment_.failed(code, "list watched entries");
  return page;
}

Result<std::vector<std::pair<BookId, EntryUuid>>> Ledger::entries_outside(
    std::span<const BookId> kept, std::size_t limit) const {
  CursorHandle cursor;
  int code = open_cursor(txn_, environment_.layout().watched, cursor);
  std::vector<std::pair<BookId, EntryUuid>> found;
  MDB_val key{};
  MDB_val value{};
  if (code == MDB_SUCCESS) code = mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST);
  while (code == MDB_SUCCESS && found.size() < limit) {
    const core::Bytes name = store::bytes_of(key);
    if (name.size() != EntryKey().size()) return environment_.met_damage("a watched entry's key");
    const BookId book = book_in(name);
    if (!std::binary_search(kept.begin(), kept.end(), book)) {
      found.emplace_back(book, uuid_in(name));
      code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT);
      continue;
    }
    // On to what follows the book; its last possible entry is stepped over if it is there.
    EntryUuid last{};
    last.fill(0xff);
    const EntryKey end = key_of(book, last);
    key = val_of(end);
    code = mdb_cursor_get(cursor.get(), &key, &value, MDB_SET_RANGE);
    const bool is_the_last = code == MDB_SUCCESS && book_in(store::bytes_of(key)) == book;
    if (is_the_last) code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT);
  }
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) {
    return environment_.failed(code, "list watched entries");
  }
  return found;
}

Result<Done> Ledger::erase_cookies_outside(std::span<const BookId> kept) {
  CursorHandle cursor;
  int code = open_cursor(txn_, environment_.layout().watch_cookies, cursor);
  MDB_val key{};
  MDB_val value{};
  if (code == MDB_SUCCESS) code = mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST);
  while (code == MDB_SUCCESS) {
    const core::Bytes name = store::bytes_of(key);
    if (name.size() != sizeof(BookId)) return environment_.met_damage("the watcher's position");
    if (!std::binary_search(kept.begin(), kept.end(), book_in(name))) {
      code = mdb_cursor_del(cursor.get(), 0);
      if (code != MDB_SUCCESS) break;
    }
    code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT);
  }
  if (code != MDB_NOTFOUND) return environment_.failed(code, "remove the watcher's position");
  return Done{};
}

Result<Done> Ledger::put(const WatchedEntry& entry) {
  const Result<std::optional<WatchedEntry>> before = this->entry(entry.uuid);
  if (!before) return before.error();
  if (*before) {
    if (Result<Done> forgotten = forget_name(**before); !forgotten) return forgotten;
  }
  const std::string bytes = encode(entry);
  Result<Done> written =
      write(environment_.layout().watched, key_of(book_, entry.uuid), bytes_of(bytes));
  if (!written) return written;
  return write(environment_.layout().watched_names, name_key(book_, entry.dn), entry.uuid);
}

Result<Done> Ledger::erase(const EntryUuid& uuid) {
  const Result<std::optional<WatchedEntry>> before = entry(uuid);
  if (!before) return before.error();
  if (!*before) return Done{};
  if (Result<Done> forgotten = forget_name(**before); !forgotten) return forgotten;
  const EntryKey bytes = key_of(book_, uuid);
  MDB_val key = val_of(bytes);
  const int code = mdb_del(txn_, environment_.layout().watched, &key, nullptr);
  if (code != MDB_SUCCESS) return environment_.failed(code, "remove a watched entry");
  return Done{};
}

Result<Done> Ledger::put_cookie(std::string_view cookie) {
  return write(environment_.layout().watch_cookies, book_, bytes_of(cookie));
}

Result<std::optional<EntryUuid>> Ledger::uuid_of(std::string_view dn) const {
  const Hash256 bytes = name_key(book_, dn);
  MDB_val key = val_of(bytes);
  MDB_val value{};
  const int code = mdb_get(txn_, environment_.layout().watched_names, &key, &value);
  if (code == MDB_NOTFOUND) return std::optional<EntryUuid>();
  if (code != MDB_SUCCESS) return environment_.failed(code, "read a watched name");
  const core::Bytes found = store::bytes_of(value);
  EntryUuid uuid{};
  if (found.size() != uuid.size()) return environment_.met_damage("a watched name");
  std::copy(found.begin(), found.end(), uuid.begin());
  return std::optional(uuid);
}

// Unless another entry has taken it over meanwhile.
Result<Done> Ledger::forget_name(const WatchedEntry& entry) {
  const Result<std::optional<EntryUuid>> owner = uuid_of(entry.dn);
  if (!owner) return owner.error();
  if (*owner != entry.uuid) return Done{};
  const Hash256 bytes = name_key(book_, entry.dn);
  MDB_val key = val_of(bytes);
  const int code = mdb_del(txn_, environment_.layout().watched_names, &key, nullptr);
  if (code != MDB_SUCCESS) return environment_.failed(code, "remove a watched name");
  return Done{};
}

Result<Done> Ledger::write(MDB_dbi table, core::Bytes key, core::Bytes value) {
  MDB_val name = val_of(key);
  MDB_val content = val_of(value);
  const int code = mdb_put(txn_, table, &name, &content, 0);
  if (code != MDB_SUCCESS) return environment_.failed(code, "write what the watcher has learned");
  return Done{};
}

Result<Done> apply_watch_changes(Tables& tables, const core::WatchId& watch,
                                 const core::WatchChanges& changes) {
  Ledger ledger = tables.ledger(watch);
  for (const core::Revocation& revocation : changes.revoke) {
    const Result<std::uint64_t> raised = tables.raise_epoch(revocation);
    if (!raised) return raised.error();
  }
  for (const EntryUuid& uuid : changes.erase) {
    if (Result<Done> erased = ledger.erase(uuid); !erased) return erased;
  }
  for (const WatchedEntry& entry : changes.put) {
    const Result<bool> room = tables.room_for_an_entry();
    if (!room) return room.error();
    if (!*room) return no_room();
    if (Result<Done> put = ledger.put(entry); !put) return put;
  }
  if (!changes.cookie) return Done{};
  return ledger.put_cookie(*changes.cookie);
}

Result<bool> forget_other_books(Tables& tables, std::span<const core::WatchId> keep,
                                std::size_t limit) {
  std::vector<BookId> kept;
  std::transform(keep.begin(), keep.end(), std::back_inserter(kept), book_of);
  std::sort(kept.begin(), kept.end());
  // First: a position without its entries would take the changes since for the first of all.
  Result<Done> erased_cookies = tables.ledger(core::WatchId{}).erase_cookies_outside(kept);
  if (!erased_cookies) return erased_cookies.error();
  const Result<std::vector<std::pair<BookId, EntryUuid>>> strangers =
      tables.ledger(core::WatchId{}).entries_outside(kept, limit);
  if (!strangers) return strangers.error();
  for (const auto& [book, uuid] : *strangers) {
    core::WatchId watch{};
    std::copy(book.begin(), book.end(), watch.begin());
    if (Result<Done> erased = tables.ledger(watch).erase(uuid); !erased) return erased.error();
  }
  return strangers->size() < limit;
}

bool is_watched_entry(core::Bytes key, core::Bytes value) {
  return decode_entry(key, value).has_value();
}

bool is_watched_name(core::Bytes key, core::Bytes value) {
  return key.size() == sizeof(Hash256) && value.size() == sizeof(EntryUuid);
}

bool is_watch_cookie(core::Bytes key, core::Bytes /*value*/) {
  return key.size() == sizeof(BookId);
}

}  // namespace epoch::store
