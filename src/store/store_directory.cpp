#include "store/store_directory.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "store/directory_files.h"
#include "store/environment.h"
#include "store/lmdb_errors.h"
#include "store/verification.h"

namespace epoch::store {
namespace {

using core::Done;
using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::array<const char*, 4> kFiles = {"data.mdb", "lock.mdb", "generation", "store.lock"};

std::string name_of(uid_t uid) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return "uid " + std::to_string(uid);
}

std::string me() { return name_of(::geteuid()); }

Error refused(const std::string& sentence) { return {ErrorCode::Unavailable, sentence}; }

bool may(const std::string& path, int what) {
  return ::faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0;
}

// What keeps an existing directory from being ours; nullopt where nothing does.
std::optional<Error> objection_to(const std::string& directory, const struct stat& status) {
  if (!S_ISDIR(status.st_mode)) {
    return refused("The session store " + directory +
                   " is not a directory. AuthEpochStore names "
                   "a directory that belongs to the store alone.");
  }
  if (status.st_uid != ::geteuid()) {
    return refused("The session store directory " + directory + " belongs to " +
                   name_of(status.st_uid) + ", but httpd works as " + me() +
                   " (User). Run: chown -R " + me() + " " + directory);
  }
  if ((status.st_mode & 0077U) != 0) {
    return refused("The session store directory " + directory +
                   " is open to other users. Run: chmod 700 " + directory);
  }
  if (!may(directory, R_OK | W_OK | X_OK)) {
    if (errno == EROFS) return system_error(EROFS, "write in", directory);
    return refused("The session store directory " + directory + " is not writable for " + me() +
                   ". Run: chmod 700 " + directory);
  }
  return std::nullopt;
}

std::optional<Error> objection_to_files(const std::string& directory) {
  for (const char* file : kFiles) {
    const std::string path = directory + "/" + file;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      if (errno == ENOENT) continue;
      return system_error(errno, "examine", path);
    }
    if (!S_ISREG(status.st_mode)) {
      return refused("The session store file " + path + " is not a plain file. Remove it.");
    }
    if (status.st_uid != ::geteuid()) {
      return refused("The session store file " + path + " belongs to " + name_of(status.st_uid) +
                     ", but httpd works as " + me() + " (User). Run: chown " + me() + " " + path);
    }
    if (!may(path, R_OK | W_OK)) {
      if (errno == EROFS) return system_error(EROFS, "write", path);
      return refused("The session store file " + path + " is not writable for " + me() +
                     ". Run: chmod 600 " + path);
    }
  }
  return std::nullopt;
}

Error cannot_make(const std::string& directory) {
  return refused("The session store directory " + directory + " does not exist and " + me() +
                 " (User) cannot make it. Run: install -d -o " + me() + " -m 700 " + directory);
}

std::string parent_of(const std::string& directory) {
  const std::size_t last = directory.find_last_not_of('/');
  const std::size_t slash = directory.rfind('/', last);
  return slash == std::string::npos ? "." : directory.substr(0, slash + 1);
}

}  // namespace

Result<Done> check_store(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) == 0) {
    if (std::optional<Error> objection = objection_to(directory, status)) return *objection;
    if (std::optional<Error> objection = objection_to_files(directory)) return *objection;
    return Done{};
  }
  if (errno == ENOENT) {
    if (may(parent_of(directory), W_OK | X_OK)) return Done{};
    return cannot_make(directory);
  }
  if (errno == EACCES) {
    return refused("The session store directory " + directory + " cannot be reached by " + me() +
                   " (User): a directory above it is closed. Run: namei -l " + directory);
  }
  return system_error(errno, "examine", directory);
}

Result<Done> make_directory(const std::string& directory) {
  Result<Done> usable = check_store(directory);
  if (!usable) return usable;
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno == EACCES ? cannot_make(directory) : system_error(errno, "make", directory);
  }
  return Done{};
}

Result<Done> prepare_store(const StoreOptions& options) {
  const std::string& directory = options.directory;
  if (Result<Done> made = make_directory(directory); !made) return made;
  {
    Result<DirectoryLock> lock = DirectoryLock::take(directory);
    if (!lock) return lock.error();
    Result<SharedNumbers> numbers = SharedNumbers::map(directory);
    if (!numbers) return numbers.error();
    if (Result<Done> discarded = discard_unfinished(options); !discarded) return discarded;
    Result<std::optional<Unfit>> unfit = read_through(options);
    if (!unfit) return unfit.error();
    if (*unfit) {
      if (Result<Done> aside = set_aside(directory, *numbers, **unfit, options.log); !aside) {
        return aside;
      }
    }
  }
  Result<std::shared_ptr<Environment>> environment = Environment::open(options);
  if (!environment) return environment.error();
  return Done{};
}

}  // namespace epoch::store
