// What a store is opened with.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace epoch::store {

enum class Severity { Info, Warning, Error };

// Takes one line for the administrator's log. Called from any thread, never with a lock held that
// a request waits for longer than opening a store takes.
using Log = std::function<void(Severity, const std::string&)>;

struct StoreOptions {
  std::string directory;  // absolute; belongs to httpd's User alone, mode 0700

  // The most the store may grow to. Address space only: the file grows as sessions come.
  std::size_t map_bytes = std::size_t{4} << 30U;

  // Reading transactions of all processes together: three times MaxRequestWorkers or more, since
  // the children of a graceful restart overlap. A slot is 64 bytes of the lock file.
  unsigned max_readers = 4096;

  // How many sessions a process keeps decoded, each in about a kilobyte: those of the requests that
  // come again within moments.
  std::size_t kept_sessions = 64;

  Log log = [](Severity, const std::string&) {};

  // Spaces the attempts to open a store that does not open.
  std::function<std::chrono::steady_clock::time_point()> clock = &std::chrono::steady_clock::now;
};

}  // namespace epoch::store
