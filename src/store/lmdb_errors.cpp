#include "store/lmdb_errors.h"

#include <lmdb.h>

#include <cerrno>
#include <system_error>

namespace epoch::store {
namespace {

// The next step; empty where the code itself says all there is.
std::string_view advice(int code) noexcept {
  switch (code) {
    case MDB_MAP_FULL:
      return "the store has reached its largest size. Sessions end and are purged with time; until "
             "then nobody can log in, but everybody can log out";
    case ENOSPC:
    case EDQUOT:
      return "the disk is full. Make room on it; nothing else is needed";
    case EFBIG:
      return "the file may not grow any further. Raise the file size limit (ulimit -f) of httpd "
             "and restart it";
    case EROFS:
      return "the file system is read-only. Mount it writable, or name another directory with "
             "AuthEpochStore";
    case EIO:
      return "the disk reports an input/output error. See the kernel's log and check the disk";
    case EACCES:
    case EPERM:
      return "permission denied. The directory and everything in it must belong to httpd's User";
    case ENOENT:
      return "it does not exist. Restart httpd, which creates it";
    case EMFILE:
    case ENFILE:
      return "too many open files. Raise the limit (ulimit -n) of httpd and restart it";
    case ENOMEM:
      return "not enough memory or address space. Look for a limit (ulimit -v) on httpd";
    case MDB_READERS_FULL:
      return "all reader slots are taken, also after those of dead processes were reclaimed. "
             "Restart httpd after raising MaxRequestWorkers, from which their number follows";
    case MDB_MAP_RESIZED:
      return "another process uses it with a larger limit. It is reopened; if this goes on, "
             "restart httpd";
    case MDB_PANIC:
      return "a write failed half-way and the store must be reopened, which happens by itself. "
             "See the kernel's log and check the disk";
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_NOTFOUND:
      return "the file is damaged. It is set aside at the next check or restart and a new one is "
             "begun; check the disk";
    case MDB_VERSION_MISMATCH:
      return "another version of LMDB wrote it. It is set aside at the next restart";
    default:
      return {};
  }
}

std::string reason(int code) {
  const std::string_view known = advice(code);
  if (!known.empty()) return std::string(known);
  return mdb_strerror(code);
}

}  // namespace

core::Error lmdb_error(int code, std::string_view doing, const std::string& directory) {
  return {means_damage(code) ? core::ErrorCode::Damaged : core::ErrorCode::Unavailable,
          "The session store in " + directory + " could not " + std::string(doing) + ": " +
              reason(code) + "."};
}

core::Error system_error(int code, std::string_view doing, const std::string& path) {
  const std::string_view known = advice(code);
  return {core::ErrorCode::Unavailable,
          "Could not " + std::string(doing) + " " + path + ": " +
              (known.empty() ? std::generic_category().message(code) : std::string(known)) + "."};
}

bool means_damage(int code) noexcept {
  switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_NOTFOUND:      // of a table that every store has
    case MDB_INCOMPATIBLE:  // a table with other properties than ours
    case MDB_CURSOR_FULL:   // a tree deeper than any tree can be
    case MDB_BAD_VALSIZE:   // our keys and values are never of a bad size
      return true;
    default:
      return false;
  }
}

bool needs_reopening(int code) noexcept { return code == MDB_PANIC || code == MDB_MAP_RESIZED; }

}  // namespace epoch::store
