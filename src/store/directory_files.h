// What lies in a store's directory: LMDB's data.mdb and lock.mdb, and two small files of our own.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "core/result.h"
#include "store/store_options.h"

namespace epoch::store {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

std::string data_path(const std::string& directory);

// Until then a power cut may undo that a file was made or renamed there.
core::Result<core::Done> sync_names(const std::string& directory);

// Held while a store is opened, checked or set aside: one process at a time, and one thread of it.
// The kernel releases it when the process dies.
class DirectoryLock {
 public:
  // Waits for whoever has it.
  static core::Result<DirectoryLock> take(const std::string& directory);

  DirectoryLock(DirectoryLock&&) noexcept = default;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(UniqueFd file) noexcept : file_(std::move(file)) {}
  UniqueFd file_;
};

// Three numbers that all processes of a store share, in the mapped file `generation`. Reading one
// is a load, not a system call.
class SharedNumbers {
 public:
  // Makes the file where there is none. Only under the DirectoryLock.
  static core::Result<SharedNumbers> map(const std::string& directory);

  SharedNumbers(SharedNumbers&& other) noexcept : words_(std::exchange(other.words_, nullptr)) {}
  SharedNumbers& operator=(SharedNumbers&&) = delete;
  ~SharedNumbers();

  // Raised each time a store is set aside: who opened data.mdb before must open it again.
  [[nodiscard]] std::uint64_t generation() const noexcept { return word(0).load(); }
  void raise_generation() noexcept { word(0).fetch_add(1); }

  // Set by the process that met damage, for the one that looks after the store.
  [[nodiscard]] bool damage_reported() const noexcept { return word(1).load() != 0; }
  void report_damage() noexcept { word(1).store(1); }
  void clear_damage() noexcept { word(1).store(0); }

  // How often the store was looked after, with this time.
  std::uint64_t count_care() noexcept { return word(2).fetch_add(1) + 1; }

 private:
  explicit SharedNumbers(std::uint64_t* words) noexcept : words_(words) {}
  [[nodiscard]] std::atomic_ref<std::uint64_t> word(std::size_t index) const noexcept {
    return std::atomic_ref<std::uint64_t>(words_[index]);
  }

  std::uint64_t* words_;
};

// Why a data file cannot be used by anybody.
struct Unfit {
  std::string tag;  // "damaged" or "version-<n>": goes into the name that it gets
  std::string why;  // completes "data.mdb ..."
};

// Renames data.mdb, so that a new store can be begun, and tells the log. Other processes that have
// it mapped keep reading the old file until they see the generation. Only under the DirectoryLock.
core::Result<core::Done> set_aside(const std::string& directory, SharedNumbers& numbers,
                                   const Unfit& unfit, const Log& log);

}  // namespace epoch::store
