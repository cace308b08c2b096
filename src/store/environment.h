// One opened LMDB environment. A process has at most one of the same files at a time: LMDB's locks
// belong to the process, and closing one would release those of the other.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>

#include "core/result.h"
#include "store/directory_files.h"
#include "store/lmdb_handles.h"
#include "store/look_cache.h"
#include "store/reader_pool.h"
#include "store/store_options.h"
#include "store/tables.h"

namespace epoch::store {

class Environment {
 public:
  // A reading transaction, given back to the pool at the end.
  class Reading {
   public:
    Reading(Environment& environment, TxnHandle txn) noexcept
        : environment_(environment), txn_(std::move(txn)) {}
    Reading(Reading&&) noexcept = default;
    Reading& operator=(Reading&&) = delete;
    ~Reading() {
      if (txn_) environment_.readers_.give_back(std::move(txn_));
    }
    [[nodiscard]] Tables tables() const noexcept { return Tables(environment_, txn_.get()); }
    [[nodiscard]] MDB_txn* get() const noexcept { return txn_.get(); }

   private:
    Environment& environment_;
    TxnHandle txn_;
  };

  // Opens the store, or makes it; sets a file aside that cannot be one. Not before the fork.
  static core::Result<std::shared_ptr<Environment>> open(const StoreOptions& options);

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() = default;

  [[nodiscard]] const Layout& layout() const noexcept { return layout_; }

  // False once the store was set aside by any process, or must be closed for another reason. A load
  // or two, no system call.
  [[nodiscard]] bool is_current() const noexcept {
    return numbers_.generation() == generation_ && !retired_.load(std::memory_order_relaxed);
  }
  // Whether other files have taken the place of these, so that both may be open.
  [[nodiscard]] bool was_set_aside() const noexcept { return numbers_.generation() != generation_; }
  void retire() noexcept { retired_.store(true); }

  // Whether data.mdb is still the file that is open here. A system call.
  [[nodiscard]] bool file_is_in_place() const noexcept;

  // Becomes true when everything is closed.
  [[nodiscard]] std::shared_ptr<const std::atomic<bool>> closed() const noexcept {
    return closing_.closed;
  }

  // That of the last commit, told without a transaction: never behind what a transaction that
  // begins now would read, and ahead of it at most by a commit that is just being synced.
  [[nodiscard]] core::StoreMoment moment() const noexcept;

  core::Result<Reading> read();
  core::Result<TxnHandle> begin_write();
  // LMDB's answer; the transaction is over.
  int commit(TxnHandle txn) noexcept;

  // Turns LMDB's answer into the error for the caller, and remembers what must follow from it.
  core::Error failed(int code, std::string_view doing);
  core::Error met_damage(const std::string& where);

  [[nodiscard]] SharedNumbers& numbers() noexcept { return numbers_; }
  [[nodiscard]] LookCache& looks() noexcept { return looks_; }

  // How many reader slots of dead processes could be freed.
  core::Result<std::size_t> reclaim_readers();

  // Pages that new sessions may use; the rest is kept so that logouts still find room.
  core::Result<std::size_t> pages_for_sessions();
  [[nodiscard]] bool is_nearly_full() const;

 private:
  struct Attempt;
  struct Closing {
    Closing() = default;
    Closing(const Closing&) = delete;
    Closing& operator=(const Closing&) = delete;
    ~Closing() { closed->store(true); }
    std::shared_ptr<std::atomic<bool>> closed = std::make_shared<std::atomic<bool>>(false);
  };

  Environment(const StoreOptions& options, SharedNumbers numbers, EnvHandle env,
              const Layout& layout);
  [[nodiscard]] int cause_of_short_write() const noexcept;
  static core::Result<Attempt> try_to_open(const StoreOptions& options);

  const Closing closing_;  // first, so that it is destroyed last
  const std::string directory_;
  SharedNumbers numbers_;
  const std::uint64_t generation_;
  const EnvHandle env_;
  const Layout layout_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::size_t page_limit_ = 0;
  std::atomic<bool> retired_{false};
  ReaderPool readers_;
  LookCache looks_;
};

}  // namespace epoch::store
