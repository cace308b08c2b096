#include "store/reader_pool.h"

#include <cstdint>

namespace epoch::store {
namespace {

// Where a thread begins to look, so that threads seldom meet.
std::size_t start_of_this_thread() noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  static thread_local const char place = 0;
  return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(&place) * kOdd) >> 32U);
}

}  // namespace

ReaderPool::~ReaderPool() {
  for (std::atomic<MDB_txn*>& slot : kept_) TxnHandle(slot.exchange(nullptr)).reset();
}

int ReaderPool::take(MDB_env* env, TxnHandle& txn) noexcept {
  int code = take_kept(kNearby, txn);
  if (code != MDB_NOTFOUND) return code;
  code = begin_txn(env, MDB_RDONLY, txn);
  if (code != MDB_READERS_FULL) return code;
  code = take_kept(kKept, txn);
  if (code != MDB_NOTFOUND) return code;
  int reclaimed = 0;
  code = mdb_reader_check(env, &reclaimed);
  return code == MDB_SUCCESS ? begin_txn(env, MDB_RDONLY, txn) : code;
}

void ReaderPool::give_back(TxnHandle txn) noexcept {
  mdb_txn_reset(txn.get());
  const std::size_t start = start_of_this_thread();
  for (std::size_t i = 0; i < kNearby; ++i) {
    std::atomic<MDB_txn*>& slot = kept_[(start + i) % kKept];
    MDB_txn* vacant = nullptr;
    if (slot.load(std::memory_order_relaxed) != nullptr) continue;
    if (slot.compare_exchange_strong(vacant, txn.get(), std::memory_order_release,
                                     std::memory_order_relaxed)) {
      static_cast<void>(txn.release());
      return;
    }
  }
}

// MDB_NOTFOUND where none of that many places has one.
int ReaderPool::take_kept(std::size_t places, TxnHandle& txn) noexcept {
  const std::size_t start = start_of_this_thread();
  for (std::size_t i = 0; i < places; ++i) {
    std::atomic<MDB_txn*>& slot = kept_[(start + i) % kKept];
    if (slot.load(std::memory_order_relaxed) == nullptr) continue;
    txn.reset(slot.exchange(nullptr, std::memory_order_acquire));
    if (!txn) continue;
    const int code = mdb_txn_renew(txn.get());
    if (code != MDB_SUCCESS) txn.reset();
    return code;
  }
  return MDB_NOTFOUND;
}

}  // namespace epoch::store
