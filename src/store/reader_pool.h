// Reading transactions, kept between requests, so that a read takes no lock that another process
// could hold and makes no system call.
#pragma once

#include <array>
#include <atomic>

#include "store/lmdb_handles.h"

namespace epoch::store {

// Belongs to one environment, opened with MDB_NOTLS, and is destroyed before it. Thread-safe.
class ReaderPool {
 public:
  ReaderPool() = default;
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;
  ~ReaderPool();

  // A transaction that sees everything committed so far: a kept one, renewed, or else a new one.
  // Answers LMDB's return code.
  int take(MDB_env* env, TxnHandle& txn) noexcept;

  // Keeps it for the next reader. What it read must not be used any more.
  void give_back(TxnHandle txn) noexcept;

 private:
  // More threads than this in one process work, but some begin anew each time.
  static constexpr std::size_t kKept = 256;
  // A thread keeps its own here. It looks no further for somebody else's, unless there are no more
  // to be had.
  static constexpr std::size_t kNearby = 8;

  int take_kept(std::size_t places, TxnHandle& txn) noexcept;

  std::array<std::atomic<MDB_txn*>, kKept> kept_{};
};

}  // namespace epoch::store
