#include "store/walk.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>

#include "core/session.h"
#include "store/ledger.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_handles.h"
#include "store/session_index.h"
#include "store/tables.h"
#include "store/verification.h"

namespace epoch::store {
namespace {

constexpr MDB_dbi kFreeList = 0;  // LMDB's own table of free pages

using Check = std::function<bool(core::Bytes key, core::Bytes value)>;

Walked damaged(std::string detail) { return {WalkVerdict::Damaged, std::move(detail)}; }

Walked failed(int code, const StoreOptions& options) {
  if (means_damage(code)) return damaged(mdb_strerror(code));
  return {WalkVerdict::Unknown, lmdb_error(code, "be checked", options.directory).detail};
}

std::size_t number_at(core::Bytes bytes, std::size_t index) {
  std::size_t number = 0;
  std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
  return number;
}

// LMDB's own list of free pages: a count, then as many page numbers, the highest first. The first
// two pages, which LMDB begins with, are never free.
bool is_free_list_entry(core::Bytes key, core::Bytes value) {
  constexpr std::size_t kFirstThatCanBeFree = 2;
  const std::size_t numbers = value.size() / sizeof(std::size_t);
  if (key.size() != sizeof(std::size_t) || numbers == 0) return false;
  const std::size_t count = number_at(value, 0);
  if (count >= numbers) return false;
  for (std::size_t i = 1; i <= count; ++i) {
    if (number_at(value, i) < kFirstThatCanBeFree) return false;
    if (i > 1 && number_at(value, i) >= number_at(value, i - 1)) return false;
  }
  return true;
}

bool is_index_entry(core::Bytes key, core::Bytes value) {
  return value.empty() && is_index_key(core::text_of(key));
}

// Keys must ascend, also across pages, so that a page that stands in for another does not pass.
std::optional<Walked> walk_table(MDB_txn* txn, MDB_dbi table, const Check& check,
                                 std::string_view name, const StoreOptions& options) {
  CursorHandle cursor;
  int code = open_cursor(txn, table, cursor);
  std::optional<MDB_val> before;
  MDB_val key{};
  MDB_val value{};
  while (code == MDB_SUCCESS) {
    code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT);
    if (code != MDB_SUCCESS) break;
    if (!check(bytes_of(key), bytes_of(value))) {
      return damaged("an entry of its table " + std::string(name) + " makes no sense");
    }
    if (before && mdb_cmp(txn, table, &*before, &key) >= 0) {
      return damaged("the entries of its table " + std::string(name) + " are out of order");
    }
    before = key;
  }
  if (code != MDB_NOTFOUND) return failed(code, options);
  return std::nullopt;
}

bool has(MDB_txn* txn, MDB_dbi table, std::string_view name) {
  MDB_val key = val_of(name);
  MDB_val value{};
  return mdb_get(txn, table, &key, &value) == MDB_SUCCESS;
}

// Each session that has not been ended stands in both indexes, and nothing else does. What a record
// is has been seen already.
Walked walk_indexes(MDB_txn* txn, const Layout& layout, const StoreOptions& options) {
  CursorHandle cursor;
  int code = open_cursor(txn, layout.sessions, cursor);
  std::size_t expected = 0;
  MDB_val name{};
  MDB_val value{};
  while (code == MDB_SUCCESS) {
    code = mdb_cursor_get(cursor.get(), &name, &value, MDB_NEXT);
    if (code != MDB_SUCCESS) break;
    core::RecordKey key{};
    std::memcpy(key.value.data(), name.mv_data, key.value.size());
    const std::optional<IndexKeys> keys =
        index_keys_of(key, *read_record(layout.instance, key.value, bytes_of(value)));
    if (!keys) continue;
    ++expected;
    if (!has(txn, layout.sessions_by_user, keys->by_user) ||
        !has(txn, layout.sessions_by_name, keys->by_name)) {
      return damaged("a session is missing in an index");
    }
  }
  if (code != MDB_NOTFOUND) return failed(code, options);
  for (const MDB_dbi index : {layout.sessions_by_user, layout.sessions_by_name}) {
    MDB_stat status{};
    code = mdb_stat(txn, index, &status);
    if (code != MDB_SUCCESS) return failed(code, options);
    if (status.ms_entries != expected) {
      return damaged("an index has entries for sessions that it has not");
    }
  }
  return {WalkVerdict::Sound, {}};
}

Walked walk_tables(MDB_txn* txn, const StoreOptions& options) {
  if (std::optional<Walked> wrong =
          walk_table(txn, kFreeList, &is_free_list_entry, "of free pages", options)) {
    return *wrong;
  }
  core::Result<std::optional<Layout>> layout = open_tables(txn, options.directory);
  if (!layout) return damaged(layout.error().detail);
  if (!*layout || (*layout)->format != kFormatVersion) return {WalkVerdict::Sound, {}};
  const core::Hash256& instance = (*layout)->instance;
  const auto is_record = [&](core::Bytes key, core::Bytes value) {
    return read_record(instance, key, value).has_value();
  };
  const auto is_epoch = [&](core::Bytes key, core::Bytes value) {
    return read_epoch(instance, key, value).has_value();
  };
  if (std::optional<Walked> wrong =
          walk_table(txn, (*layout)->sessions, is_record, "of sessions", options)) {
    return *wrong;
  }
  for (const MDB_dbi index : {(*layout)->sessions_by_user, (*layout)->sessions_by_name}) {
    if (std::optional<Walked> wrong =
            walk_table(txn, index, &is_index_entry, "of sessions by user or name", options)) {
      return *wrong;
    }
  }
  if (std::optional<Walked> wrong =
          walk_table(txn, (*layout)->epochs, is_epoch, "of epochs", options)) {
    return *wrong;
  }
  if (std::optional<Walked> wrong =
          walk_table(txn, (*layout)->watched, &is_watched_entry, "of watched entries", options)) {
    return *wrong;
  }
  if (std::optional<Walked> wrong = walk_table(txn, (*layout)->watched_names, &is_watched_name,
                                               "of watched names", options)) {
    return *wrong;
  }
  if (std::optional<Walked> wrong =
          walk_table(txn, (*layout)->watch_cookies, &is_watch_cookie, "of positions", options)) {
    return *wrong;
  }
  return walk_indexes(txn, **layout, options);
}

}  // namespace

Walked walk(const StoreOptions& options) {
  EnvHandle env;
  int code = create_env(env);
  // Without LMDB's own line on stderr: the signal says enough.
  if (code == MDB_SUCCESS)
    mdb_env_set_assert(env.get(), [](MDB_env*, const char*) { std::abort(); });
  if (code == MDB_SUCCESS) code = mdb_env_set_maxdbs(env.get(), kTableCount);
  if (code == MDB_SUCCESS) code = mdb_env_set_maxreaders(env.get(), options.max_readers);
  if (code == MDB_SUCCESS) code = mdb_env_set_mapsize(env.get(), options.map_bytes);
  if (code == MDB_SUCCESS) {
    code = mdb_env_open(env.get(), options.directory.c_str(), MDB_RDONLY | MDB_NOTLS, 0600);
  }
  int reclaimed = 0;  // slots of dead processes, which may be all there are
  if (code == MDB_SUCCESS) code = mdb_reader_check(env.get(), &reclaimed);
  TxnHandle txn;
  if (code == MDB_SUCCESS) code = begin_txn(env.get(), MDB_RDONLY, txn);
  if (code != MDB_SUCCESS) return failed(code, options);
  return walk_tables(txn.get(), options);
}

}  // namespace epoch::store
