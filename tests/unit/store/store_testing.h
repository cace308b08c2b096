// What the store's tests share: a directory that goes away, sessions to open, a clock to turn, a
// disk that is full, processes that are killed.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.h"
#include "store/store_options.h"

namespace epoch::store {

// A directory of mode 0700, removed at the end with everything in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

inline constexpr core::TimePoint kNoon{core::Seconds(1'800'000'000)};
inline constexpr core::Limits kLimits{.idle = core::Seconds(1800), .max_age = core::Seconds(36000)};

// A root, or anything else of 32 bytes, that is told from others by its number.
core::Hash256 numbered(std::uint64_t number);

// A login that makes session `number` out of the challenge with this lineage.
core::Opening login(std::uint64_t number, const core::Lineage& follows,
                    const core::StoreMoment& seen, core::TimePoint now = kNoon);

// A random lineage, as a new client has.
core::Lineage new_client(std::uint64_t number);

// Opens session `number` for a new client; the test fails where that is not Opened.
core::Opening open_new(core::SessionStore& store, std::uint64_t number,
                       const std::string& user = "alice", const std::string& zone = "zone",
                       core::TimePoint now = kNoon);

// Whether the session can be found, is not ended, and its epochs are current.
bool lives(core::SessionStore& store, const core::RecordKey& key);

// Lines that a store has logged.
class LogLines {
 public:
  Log log();
  [[nodiscard]] std::string all() const;
  [[nodiscard]] std::size_t count() const;

 private:
  struct Lines {
    mutable std::mutex mutex;
    std::vector<std::string> lines;
  };
  std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

// Options for a small store in this directory.
StoreOptions options_for(const ScratchDirectory& directory, const LogLines& lines = {});

// The names that data files which were set aside have got.
std::vector<std::string> set_aside_in(const ScratchDirectory& directory);

// A file as it is now; empty where there is none.
std::string file_content(const std::string& path);

// In place, as a disk does it: who has the file mapped sees the change.
void overwrite(const std::string& path, std::size_t offset, std::string_view bytes);

// Flips a bit of these words wherever the file has them.
void spoil(const std::string& path, std::string_view words);

// While it exists, no file of this process can be written: as if the disk were full.
class FullDisk {
 public:
  FullDisk();
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk();

 private:
  unsigned long before_;
};

// A process of its own that runs the body and exits: 0 where that is true, and 1 where not.
// The body talks to the test through lines on a pipe in either direction.
class Process {
 public:
  class Talk {
   public:
    Talk(int in, int out) : in_(in), out_(out) {}
    void say(const std::string& word) const;
    // Waits for the other's next word; empty when it is gone.
    std::string hear() const;

   private:
    int in_;
    int out_;
  };

  explicit Process(const std::function<bool(const Talk&)>& body);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  [[nodiscard]] const Talk& talk() const noexcept { return talk_; }
  // kill -9, and waits until it is gone.
  void kill();
  // Waits for its end; true where the body was.
  bool succeeds();

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  Talk talk_{-1, -1};
};

}  // namespace epoch::store
