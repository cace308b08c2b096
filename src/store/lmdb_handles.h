// LMDB's handles as values that close themselves. The only place that ends an LMDB transaction.
#pragma once

#include <lmdb.h>

#include <memory>
#include <string_view>

#include "core/bytes.h"

namespace epoch::store {

struct EnvCloser {
  void operator()(MDB_env* env) const noexcept { mdb_env_close(env); }
};
struct TxnAborter {
  void operator()(MDB_txn* txn) const noexcept { mdb_txn_abort(txn); }
};
struct CursorCloser {
  void operator()(MDB_cursor* cursor) const noexcept { mdb_cursor_close(cursor); }
};

using EnvHandle = std::unique_ptr<MDB_env, EnvCloser>;
using TxnHandle = std::unique_ptr<MDB_txn, TxnAborter>;
using CursorHandle = std::unique_ptr<MDB_cursor, CursorCloser>;

// Each answers LMDB's return code and fills the handle only where that is MDB_SUCCESS.
inline int create_env(EnvHandle& env) noexcept {
  MDB_env* raw = nullptr;
  const int code = mdb_env_create(&raw);
  env.reset(raw);
  return code;
}

inline int begin_txn(MDB_env* env, unsigned flags, TxnHandle& txn) noexcept {
  MDB_txn* raw = nullptr;
  const int code = mdb_txn_begin(env, nullptr, flags, &raw);
  txn.reset(code == MDB_SUCCESS ? raw : nullptr);
  return code;
}

// Whatever the answer, the transaction is over.
inline int commit_txn(TxnHandle txn) noexcept { return mdb_txn_commit(txn.release()); }

inline int open_cursor(MDB_txn* txn, MDB_dbi table, CursorHandle& cursor) noexcept {
  MDB_cursor* raw = nullptr;
  const int code = mdb_cursor_open(txn, table, &raw);
  cursor.reset(code == MDB_SUCCESS ? raw : nullptr);
  return code;
}

// LMDB takes pointers to mutable data but does not write through those it is given.
inline MDB_val val_of(core::Bytes bytes) noexcept {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}
inline MDB_val val_of(std::string_view text) noexcept { return val_of(core::bytes_of(text)); }

// Valid until the transaction ends or writes.
inline core::Bytes bytes_of(const MDB_val& value) noexcept {
  return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
}

}  // namespace epoch::store
