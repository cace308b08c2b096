// What is defined at the end must not be what a fortified <unistd.h> has defined already.
#undef _FORTIFY_SOURCE
#include "disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>

namespace epoch::fault {
namespace {

struct State {
  std::mutex mutex;
  std::string directory;  // empty: nobody watches
  std::vector<Event> events;
  std::map<Call, unsigned> counts;
  std::optional<Fault> fault;
  unsigned failures = 0;
  unsigned sync_microseconds = 0;
};

// Calls come before main() and after it.
State& state() {
  static State* const the_one = new State;
  return *the_one;
}

// nullopt where it does not stand in the watched directory, "" for the directory itself.
std::optional<std::string> name_within(const State& state, const std::string& path) {
  if (state.directory.empty() || !path.starts_with(state.directory)) return std::nullopt;
  if (path == state.directory) return "";
  if (path[state.directory.size()] != '/') return std::nullopt;
  return path.substr(state.directory.size() + 1);
}

std::optional<std::string> name_of(const State& state, int file) {
  if (state.directory.empty()) return std::nullopt;
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  if (length <= 0) return std::nullopt;
  return name_within(state, std::string(path.data(), static_cast<std::size_t>(length)));
}

ino_t number_of(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 ? status.st_ino : 0;
}

bool is_synchronous(int file) {
  const int flags = ::fcntl(file, F_GETFL);
  return flags >= 0 && (flags & O_DSYNC) != 0;
}

// The fault that this call meets, if it does.
std::optional<Fault> fault_of(State& state, Call call) {
  ++state.counts[call];
  if (!state.fault || state.fault->call != call) return std::nullopt;
  if (state.fault->nth > 0) {
    --state.fault->nth;
    return std::nullopt;
  }
  const Fault met = *state.fault;
  if (!met.lasting) state.fault.reset();
  ++state.failures;
  return met;
}

ssize_t do_write(int file, const char* bytes, std::size_t size, off_t offset) {
  return ::syscall(SYS_pwrite64, file, bytes, size, offset);
}

// A write at a place; what a write or a writev comes to.
ssize_t write_at(int file, const char* bytes, std::size_t size, off_t offset) {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  if (!name_of(disk, file)) return do_write(file, bytes, size, offset);
  const bool synchronous = is_synchronous(file);
  const auto fault = fault_of(disk, synchronous ? Call::SynchronousWrite : Call::Write);
  if (fault && fault->error == 0) size /= 2;
  ssize_t written = -1;
  if (!fault || fault->error == 0 || fault->happens) {
    written = do_write(file, bytes, size, offset);
    if (written > 0) {
      disk.events.push_back({.kind = Event::Kind::Write,
                             .file = number_of(file),
                             .offset = static_cast<std::uint64_t>(offset),
                             .bytes = std::string(bytes, static_cast<std::size_t>(written)),
                             .synchronous = synchronous,
                             .failed = fault && fault->error != 0});
    }
  }
  if (fault && fault->error != 0) {
    errno = fault->error;
    return -1;
  }
  return written;
}

int sync_file(int file, long number) {
  State& disk = state();
  std::unique_lock lock(disk.mutex);
  const std::optional<std::string> name = name_of(disk, file);
  if (!name) return static_cast<int>(::syscall(number, file));
  const std::optional<Fault> fault = fault_of(disk, Call::Sync);
  const bool failed = fault && fault->error != 0;
  disk.events.push_back({.kind = name->empty() ? Event::Kind::SyncDirectory : Event::Kind::Sync,
                         .file = number_of(file),
                         .failed = failed});
  const timespec time = {.tv_sec = 0, .tv_nsec = disk.sync_microseconds * 1000L};
  lock.unlock();
  if (time.tv_nsec > 0) ::nanosleep(&time, nullptr);
  if (!failed) return 0;
  errno = fault->error;
  return -1;
}

int open_file(const char* path, int flags, mode_t mode) {
  const auto really = [&] {
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  };
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  const std::optional<std::string> name = name_within(disk, path);
  if (!name) return really();
  if (const std::optional<Fault> fault = fault_of(disk, Call::Open)) {
    errno = fault->error;
    return -1;
  }
  const bool is_new = (flags & O_CREAT) != 0 && ::access(path, F_OK) != 0;
  const int file = really();
  if (file >= 0 && is_new) {
    disk.events.push_back({.kind = Event::Kind::Make, .file = number_of(file), .name = *name});
  }
  return file;
}

// errno of the failure that a read meets; 0 where it meets none.
int fault_of_read(int file) {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  if (disk.directory.empty() || !name_of(disk, file)) return 0;
  const std::optional<Fault> fault = fault_of(disk, Call::Read);
  return fault ? fault->error : 0;
}

}  // namespace

const char* to_string(Call call) noexcept {
  switch (call) {
    case Call::Write:
      return "write";
    case Call::SynchronousWrite:
      return "synchronous write";
    case Call::Sync:
      return "sync";
    case Call::Open:
      return "open";
    case Call::Rename:
      return "rename";
    case Call::Resize:
      return "resize";
    case Call::Read:
      return "read";
  }
  return "?";
}

void Disk::watch(const std::string& directory) {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  disk.directory = directory;
  disk.events.clear();
  disk.counts.clear();
}

std::vector<Event> Disk::stop() {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  disk.directory.clear();
  return std::move(disk.events);
}

void Disk::mark(std::uint64_t number) {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  disk.events.push_back({.kind = Event::Kind::Mark, .offset = number});
}

void Disk::fail(const Fault& fault) {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  disk.fault = fault;
  disk.failures = 0;
}

unsigned Disk::repair() {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  disk.fault.reset();
  return disk.failures;
}

unsigned Disk::count(Call call) {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  return disk.counts[call];
}

void Disk::slow_down(unsigned microseconds) {
  State& disk = state();
  const std::unique_lock lock(disk.mutex);
  disk.sync_microseconds = microseconds;
}

}  // namespace epoch::fault

// ---- what stands in the system's place, also for the libraries that this program is made of

#define OURS __attribute__((visibility("default")))

extern "C" {

OURS int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | __O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  return epoch::fault::open_file(path, flags, mode);
}

// What a fortified open() with flags that the compiler does not know comes to.
OURS int __open_2(const char* path, int flags);
int __open_2(const char* path, int flags) { return epoch::fault::open_file(path, flags, 0); }

OURS ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  return epoch::fault::write_at(file, static_cast<const char*>(bytes), size, offset);
}

OURS ssize_t write(int file, const void* bytes, size_t size) {
  const off_t offset = lseek(file, 0, SEEK_CUR);
  if (offset < 0) return syscall(SYS_write, file, bytes, size);  // a pipe
  const int flags = fcntl(file, F_GETFL);
  if (flags < 0 || (flags & O_APPEND) != 0) return syscall(SYS_write, file, bytes, size);
  const ssize_t written =
      epoch::fault::write_at(file, static_cast<const char*>(bytes), size, offset);
  if (written > 0) lseek(file, offset + written, SEEK_SET);
  return written;
}

OURS ssize_t writev(int file, const iovec* parts, int count) {
  const off_t offset = lseek(file, 0, SEEK_CUR);
  if (offset < 0) return syscall(SYS_writev, file, parts, count);
  std::string all;
  for (int i = 0; i < count; ++i) {
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return write(file, all.data(), all.size());
}

OURS int fsync(int file) { return epoch::fault::sync_file(file, SYS_fsync); }
OURS int fdatasync(int file) { return epoch::fault::sync_file(file, SYS_fdatasync); }

OURS int ftruncate(int file, off_t size) noexcept {
  epoch::fault::State& disk = epoch::fault::state();
  const std::unique_lock lock(disk.mutex);
  const bool watched = epoch::fault::name_of(disk, file).has_value();
  if (watched) {
    if (const auto fault = epoch::fault::fault_of(disk, epoch::fault::Call::Resize)) {
      errno = fault->error;
      return -1;
    }
  }
  const int answer = static_cast<int>(syscall(SYS_ftruncate, file, size));
  if (watched && answer == 0) {
    disk.events.push_back({.kind = epoch::fault::Event::Kind::Resize,
                           .file = epoch::fault::number_of(file),
                           .offset = static_cast<std::uint64_t>(size)});
  }
  return answer;
}

OURS int rename(const char* from, const char* to) noexcept {
  epoch::fault::State& disk = epoch::fault::state();
  const std::unique_lock lock(disk.mutex);
  const auto name = epoch::fault::name_within(disk, from);
  if (name) {
    if (const auto fault = epoch::fault::fault_of(disk, epoch::fault::Call::Rename)) {
      errno = fault->error;
      return -1;
    }
  }
  const int answer = static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (name && answer == 0) {
    disk.events.push_back({.kind = epoch::fault::Event::Kind::Rename,
                           .name = *name,
                           .to = epoch::fault::name_within(disk, to).value_or("")});
  }
  return answer;
}

OURS int unlink(const char* path) noexcept {
  epoch::fault::State& disk = epoch::fault::state();
  const std::unique_lock lock(disk.mutex);
  const auto name = epoch::fault::name_within(disk, path);
  const int answer = static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (name && answer == 0) {
    disk.events.push_back({.kind = epoch::fault::Event::Kind::Remove, .name = *name});
  }
  return answer;
}

OURS ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  if (const int error = epoch::fault::fault_of_read(file); error != 0) {
    errno = error;
    return -1;
  }
  return syscall(SYS_pread64, file, bytes, size, offset);
}

OURS ssize_t read(int file, void* bytes, size_t size) {
  if (const int error = epoch::fault::fault_of_read(file); error != 0) {
    errno = error;
    return -1;
  }
  return syscall(SYS_read, file, bytes, size);
}

}  // extern "C"
