#include "store/directory_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "store/lmdb_errors.h"

namespace epoch::store {
namespace {

constexpr std::size_t kSharedBytes = 3 * sizeof(std::uint64_t);

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  return std::string(text.data(), length);
}

// A name that nothing in the directory has yet.
std::string name_aside(const std::string& directory, const std::string& tag) {
  const std::string base = data_path(directory) + "." + tag + "-" + utc_now();
  std::string name = base;
  struct stat existing {};
  for (int i = 2; ::lstat(name.c_str(), &existing) == 0; ++i) {
    name = base + "-" + std::to_string(i);
  }
  return name;
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

std::string data_path(const std::string& directory) { return directory + "/data.mdb"; }

core::Result<core::Done> sync_names(const std::string& directory) {
  const UniqueFd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) return system_error(errno, "write", directory);
  return core::Done{};
}

core::Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  const std::string path = directory + "/store.lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return system_error(errno, "open", path);
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return system_error(errno, "lock", path);
  }
  return DirectoryLock(std::move(file));
}

// Unlocked explicitly: a process forked meanwhile may still have a copy of the descriptor.
DirectoryLock::~DirectoryLock() {
  if (file_) ::flock(file_.get(), LOCK_UN);
}

core::Result<SharedNumbers> SharedNumbers::map(const std::string& directory) {
  const std::string path = directory + "/generation";
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return system_error(errno, "open", path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(errno, "examine", path);
  if (status.st_size < static_cast<off_t>(kSharedBytes) &&
      ::ftruncate(file.get(), kSharedBytes) != 0) {
    return system_error(errno, "write", path);
  }
  void* mapped = ::mmap(nullptr, kSharedBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return system_error(errno, "map", path);
  return SharedNumbers(static_cast<std::uint64_t*>(mapped));
}

SharedNumbers::~SharedNumbers() {
  if (words_ != nullptr) ::munmap(words_, kSharedBytes);
}

core::Result<core::Done> set_aside(const std::string& directory, SharedNumbers& numbers,
                                   const Unfit& unfit, const Log& log) {
  const std::string from = data_path(directory);
  const std::string to = name_aside(directory, unfit.tag);
  numbers.raise_generation();
  if (std::rename(from.c_str(), to.c_str()) != 0) return system_error(errno, "rename", from);
  // It belongs to the old file: its processes go on using it, without its name.
  const std::string lock_file = directory + "/lock.mdb";
  if (::unlink(lock_file.c_str()) != 0 && errno != ENOENT) {
    return system_error(errno, "remove", lock_file);
  }
  if (core::Result<core::Done> synced = sync_names(directory); !synced) return synced;
  numbers.clear_damage();
  log(Severity::Error, "The session store " + from + " " + unfit.why + ". It was set aside as " +
                           to + " and a new one is begun: everybody logs in again.");
  return core::Done{};
}

}  // namespace epoch::store
