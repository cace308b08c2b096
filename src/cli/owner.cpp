#include "cli/owner.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace epoch::cli {

core::Result<core::Done> become_owner_of(const std::string& directory) {
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) {
    return core::Error{core::ErrorCode::Unavailable,
                       "there is no store in " + directory + ": " + std::strerror(errno)};
  }
  if (geteuid() != 0) return core::Done{};
  const bool became =
      setgroups(0, nullptr) == 0 && setgid(status.st_gid) == 0 && setuid(status.st_uid) == 0;
  if (became) return core::Done{};
  return core::Error{core::ErrorCode::Unavailable,
                     "cannot become the owner of " + directory + ": " + std::strerror(errno)};
}

}  // namespace epoch::cli
