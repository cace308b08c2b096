#include "store/environment.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "store/lmdb_errors.h"
#include "store/store_directory.h"
#include "store/verification.h"

namespace epoch::store {
namespace {

using core::Done;
using core::Error;
using core::ErrorCode;
using core::Result;

constexpr MDB_dbi kFreeList = 0;

// Kept for logouts, purges and the like, which copy pages before they free any.
std::size_t reserve_of(std::size_t page_limit) {
  return std::clamp<std::size_t>(page_limit / 32, 32, 4096);
}

// The tables of an existing store, or of the new one that is made here.
Result<Layout> open_or_make_tables(MDB_env* env, const std::string& directory) {
  TxnHandle reading;
  int code = begin_txn(env, MDB_RDONLY, reading);
  if (code != MDB_SUCCESS) return lmdb_error(code, "be opened", directory);
  Result<std::optional<Layout>> found = open_tables(reading.get(), directory);
  if (!found) return found.error();
  if (*found) {
    code = commit_txn(std::move(reading));
    if (code != MDB_SUCCESS) return lmdb_error(code, "be opened", directory);
    return **found;
  }
  reading.reset();

  // What will be acknowledged must not vanish with the file's name.
  if (Result<Done> synced = sync_names(directory); !synced) return synced.error();
  TxnHandle writing;
  code = begin_txn(env, 0, writing);
  if (code != MDB_SUCCESS) return lmdb_error(code, "be made", directory);
  Result<Layout> made = make_tables(writing.get(), directory);
  if (!made) return made;
  code = commit_txn(std::move(writing));
  if (code != MDB_SUCCESS) return lmdb_error(code, "be made", directory);
  return made;
}

}  // namespace

// Either an environment, or a file that must be set aside.
struct Environment::Attempt {
  EnvHandle env;
  Layout layout;
  std::optional<Unfit> unfit;
};

Result<std::shared_ptr<Environment>> Environment::open(const StoreOptions& options) {
  const std::string& directory = options.directory;
  if (Result<Done> made = make_directory(directory); !made) return made.error();
  Result<DirectoryLock> lock = DirectoryLock::take(directory);
  if (!lock) return lock.error();
  Result<SharedNumbers> numbers = SharedNumbers::map(directory);
  if (!numbers) return numbers.error();

  if (Result<Done> discarded = discard_unfinished(options); !discarded) {
    return discarded.error();
  }
  Result<Attempt> attempt = try_to_open(options);
  if (!attempt) return attempt.error();
  if (attempt->unfit) {
    Result<Done> aside = set_aside(directory, *numbers, *attempt->unfit, options.log);
    if (!aside) return aside.error();
    attempt = try_to_open(options);
    if (!attempt) return attempt.error();
    if (attempt->unfit) {
      return Error{ErrorCode::Unavailable,
                   "A new session store in " + directory + " " + attempt->unfit->why + "."};
    }
  }
  return std::shared_ptr<Environment>(
      new Environment(options, std::move(*numbers), std::move(attempt->env), attempt->layout));
}

Result<Environment::Attempt> Environment::try_to_open(const StoreOptions& options) {
  Attempt attempt;
  Result<std::optional<Unfit>> unfit = look_at(options);
  if (!unfit) return unfit.error();
  if (*unfit) {
    attempt.unfit = **unfit;
    return attempt;
  }
  int code = create_env(attempt.env);
  MDB_env* env = attempt.env.get();
  if (code == MDB_SUCCESS) code = mdb_env_set_maxdbs(env, kTableCount);
  if (code == MDB_SUCCESS) code = mdb_env_set_maxreaders(env, options.max_readers);
  if (code == MDB_SUCCESS) code = mdb_env_set_mapsize(env, options.map_bytes);
  if (code == MDB_SUCCESS) code = mdb_env_open(env, options.directory.c_str(), MDB_NOTLS, 0600);
  int reclaimed = 0;  // slots of dead processes, which may be all there are
  if (code == MDB_SUCCESS) code = mdb_reader_check(env, &reclaimed);
  if (means_damage(code)) {
    attempt.unfit =
        Unfit{.tag = "damaged", .why = std::string("is damaged: ") + mdb_strerror(code)};
    return attempt;
  }
  if (code != MDB_SUCCESS) return lmdb_error(code, "be opened", options.directory);

  Result<Layout> layout = open_or_make_tables(env, options.directory);
  if (layout) {
    attempt.layout = *layout;
    if (layout->format != kFormatVersion) {
      attempt.unfit = Unfit{.tag = "version-" + std::to_string(layout->format),
                            .why = "has another format version than this mod_auth_epoch"};
    }
  } else if (layout.error().code == ErrorCode::Damaged) {
    attempt.unfit = Unfit{.tag = "damaged", .why = "is damaged: " + layout.error().detail};
  } else {
    return layout.error();
  }
  if (attempt.unfit) attempt.env.reset();
  return attempt;
}

Environment::Environment(const StoreOptions& options, SharedNumbers numbers, EnvHandle env,
                         const Layout& layout)
    : directory_(options.directory),
      numbers_(std::move(numbers)),
      generation_(numbers_.generation()),
      env_(std::move(env)),
      layout_(layout),
      looks_(options.kept_sessions) {
  int file = -1;
  struct stat status {};
  if (mdb_env_get_fd(env_.get(), &file) == MDB_SUCCESS && ::fstat(file, &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  MDB_envinfo info{};
  MDB_stat pages{};
  mdb_env_info(env_.get(), &info);
  mdb_env_stat(env_.get(), &pages);
  page_limit_ = info.me_mapsize / pages.ms_psize;
}

bool Environment::file_is_in_place() const noexcept {
  struct stat status {};
  return ::stat(data_path(directory_).c_str(), &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

core::StoreMoment Environment::moment() const noexcept {
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  return {.instance = layout_.short_instance, .commit = info.me_last_txnid};
}

Result<Environment::Reading> Environment::read() {
  TxnHandle txn;
  const int code = readers_.take(env_.get(), txn);
  if (code != MDB_SUCCESS) return failed(code, "be read");
  return Reading(*this, std::move(txn));
}

Result<TxnHandle> Environment::begin_write() {
  TxnHandle txn;
  const int code = begin_txn(env_.get(), 0, txn);
  if (code != MDB_SUCCESS) return failed(code, "be written");
  return txn;
}

int Environment::commit(TxnHandle txn) noexcept {
  const int code = commit_txn(std::move(txn));
  if (code == MDB_SUCCESS) return code;
  // A meta page that could not be written leaves the environment unusable; LMDB says so only when
  // it is next asked, and that should not be somebody's request.
  TxnHandle next;
  if (begin_txn(env_.get(), MDB_RDONLY, next) == MDB_PANIC) {
    retire();
    // That page may be on the disk all the same; LMDB has put the old one back, but not synced it.
    // The next commit takes the pages that the failed one has used: it must not come first.
    mdb_env_sync(env_.get(), 1);
  }
  return code == EIO ? cause_of_short_write() : code;
}

// LMDB calls it EIO where the system took fewer bytes than it was given, as it does when they fill
// the disk or reach a limit.
int Environment::cause_of_short_write() const noexcept {
  constexpr rlim_t kLargestWrite = rlim_t{1} << 20U;
  constexpr fsblkcnt_t kFewBlocks = 16;
  struct statvfs disk {};
  if (::statvfs(directory_.c_str(), &disk) == 0 && disk.f_bavail < kFewBlocks) return ENOSPC;
  struct rlimit limit {};
  struct stat file {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      ::stat(data_path(directory_).c_str(), &file) == 0 &&
      static_cast<rlim_t>(file.st_size) + kLargestWrite >= limit.rlim_cur) {
    return EFBIG;
  }
  return EIO;
}

Error Environment::failed(int code, std::string_view doing) {
  if (needs_reopening(code)) retire();
  if (means_damage(code)) numbers_.report_damage();
  return lmdb_error(code, doing, directory_);
}

Error Environment::met_damage(const std::string& where) {
  numbers_.report_damage();
  return {ErrorCode::Damaged, "The session store in " + directory_ + " is damaged: " + where +
                                  " makes no sense. It is set aside at the next check or restart "
                                  "and a new one is begun; check the disk."};
}

Result<std::size_t> Environment::reclaim_readers() {
  int reclaimed = 0;
  const int code = mdb_reader_check(env_.get(), &reclaimed);
  if (code != MDB_SUCCESS) return failed(code, "reclaim reader slots");
  return static_cast<std::size_t>(reclaimed);
}

bool Environment::is_nearly_full() const {
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  const std::size_t used = info.me_last_pgno + 1;
  const std::size_t margin = std::max(page_limit_ * 3 / 100, 2 * reserve_of(page_limit_));
  return used + margin >= page_limit_;
}

// Far from the limit nothing is counted; near it, what the list of free pages holds counts too.
Result<std::size_t> Environment::pages_for_sessions() {
  if (!is_nearly_full()) return page_limit_;
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  std::size_t free = page_limit_ - std::min(page_limit_, info.me_last_pgno + 1);

  const Result<Reading> reading = read();
  if (!reading) return reading.error();
  CursorHandle cursor;
  int code = open_cursor(reading->get(), kFreeList, cursor);
  while (code == MDB_SUCCESS) {
    MDB_val key{};
    MDB_val pages{};
    code = mdb_cursor_get(cursor.get(), &key, &pages, MDB_NEXT);
    if (code != MDB_SUCCESS) break;
    std::size_t count = 0;
    if (pages.mv_size >= sizeof count) std::memcpy(&count, pages.mv_data, sizeof count);
    free += count;
  }
  if (code != MDB_NOTFOUND) return failed(code, "count its free pages");
  const std::size_t reserve = reserve_of(page_limit_);
  return free > reserve ? free - reserve : 0;
}

}  // namespace epoch::store
