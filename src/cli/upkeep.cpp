#include "cli/upkeep.h"

#include <ostream>

#include "cli/format.h"
#include "cli/lookup.h"
#include "store/directory_files.h"
#include "store/store_directory.h"
#include "store/verification.h"

namespace epoch::cli {
namespace {

using core::Done;
using core::Result;

// So few at a time that httpd, which writes too, never waits for long.
constexpr std::size_t kRecordsAtOnce = 1000;

Result<std::optional<store::Unfit>> read_through(const std::string& directory) {
  if (Result<Done> there = approach_store(directory); !there) return there.error();
  if (Result<Done> usable = store::check_store(directory); !usable) return usable.error();
  store::StoreOptions options;
  options.directory = directory;
  // Processes of httpd that begin would wait for the lock: only what looks damaged is worth that.
  if (Result<std::optional<store::Unfit>> unfit = store::read_through(options); unfit && !*unfit) {
    return unfit;
  }
  const Result<store::DirectoryLock> lock = store::DirectoryLock::take(directory);
  if (!lock) return lock.error();
  return store::read_through(options);
}

}  // namespace

int purge(core::SessionStore& store, Console& console, core::TimePoint now, bool json) {
  Progress progress(console, "records read");
  std::size_t removed = 0;
  std::optional<core::RecordKey> from;
  do {
    const Result<core::Purged> purged = store.purge(from, kRecordsAtOnce, now);
    if (!purged) return console.fail(purged.error());
    removed += purged->removed;
    from = purged->next;
    progress.advance(purged->scanned);
  } while (from);
  console.out() << (json ? json_line({{"removed", removed}})
                         : "Removed " + counted(removed, "record") + "\n");
  return kExitDone;
}

int check(Console& console, const std::string& directory, bool json) {
  const Result<std::optional<store::Unfit>> unfit = read_through(directory);
  if (!unfit) return console.fail(unfit.error());
  const std::string path = store::data_path(directory);
  if (*unfit) {
    if (json) console.out() << json_line({{"sound", false}, {"why", (*unfit)->why}});
    console.complain(path + " " + (*unfit)->why +
                     ". At its next start httpd sets it aside and begins a new store");
    return kExitDamaged;
  }
  console.out() << (json ? json_line({{"sound", true}}) : path + " is sound\n");
  return kExitDone;
}

}  // namespace epoch::cli
