#include "examination.h"

#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "store/store_directory.h"
#include "store/verification.h"

namespace epoch::fault {
namespace {

namespace fs = std::filesystem;
using core::Result;
using store::Environment;
using store::StoreOptions;

std::size_t pages_of(const MDB_stat& tree) {
  return tree.ms_branch_pages + tree.ms_leaf_pages + tree.ms_overflow_pages;
}

// Each page of the file is in one tree, or free: neither twice nor lost.
std::string miscount(const StoreOptions& options) {
  const Result<std::shared_ptr<Environment>> environment = Environment::open(options);
  if (!environment) return environment.error().detail;
  const Result<Environment::Reading> reading = (*environment)->read();
  if (!reading) return reading.error().detail;
  MDB_txn* txn = reading->get();
  const store::Layout& layout = (*environment)->layout();

  MDB_dbi names = 0;
  MDB_dbi meta = 0;
  if (mdb_dbi_open(txn, nullptr, 0, &names) != 0 || mdb_dbi_open(txn, "meta", 0, &meta) != 0) {
    return "the tables cannot be opened";
  }
  std::size_t pages = 2;
  constexpr MDB_dbi kFreeList = 0;
  for (const MDB_dbi table :
       {kFreeList, names, meta, layout.sessions, layout.sessions_by_user, layout.sessions_by_name,
        layout.epochs, layout.watched, layout.watched_names, layout.watch_cookies}) {
    MDB_stat tree{};
    mdb_stat(txn, table, &tree);
    pages += pages_of(tree);
  }
  store::CursorHandle cursor;
  store::open_cursor(txn, kFreeList, cursor);
  MDB_val key{};
  MDB_val free{};
  while (mdb_cursor_get(cursor.get(), &key, &free, MDB_NEXT) == 0) {
    std::size_t count = 0;
    std::memcpy(&count, free.mv_data, sizeof count);
    pages += count;
  }
  MDB_envinfo info{};
  mdb_env_info(mdb_txn_env(txn), &info);
  if (pages == info.me_last_pgno + 1) return {};
  return std::to_string(pages) + " pages are used or free, of " +
         std::to_string(info.me_last_pgno + 1);
}

}  // namespace

void begin_with_data_of(const std::string& directory, Platter& platter) {
  const std::string path = store::data_path(directory);
  struct stat status {};
  ::stat(path.c_str(), &status);
  platter.begin_with({{"data.mdb", store::file_content(path)}}, {{"data.mdb", status.st_ino}});
}

std::string Bench::trouble_with(const Files& files,
                                const std::function<std::string(store::LmdbStore&)>& judge) {
  // A lock file outlives a power cut in any state, or does not.
  const bool keeps_lock = ++count_ % 2 == 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_.path())) {
    if (keeps_lock && entry.path().filename() == "lock.mdb") continue;
    fs::remove(entry.path());
  }
  for (const auto& [name, bytes] : files) {
    if (name == "lock.mdb") continue;
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    ::chmod(path.c_str(), 0600);
  }
  return trouble_after(judge);
}

std::string Bench::trouble_after(const std::function<std::string(store::LmdbStore&)>& judge) {
  const store::LogLines lines;
  const StoreOptions options = store::options_for(directory_, lines);
  if (const Result<core::Done> prepared = store::prepare_store(options); !prepared) {
    return "it cannot be opened: " + prepared.error().detail;
  }
  if (lines.count() > 0) return "opening it logs: " + lines.all();
  if (std::string wrong = miscount(options); !wrong.empty()) return "before: " + wrong;
  {
    store::LmdbStore store(options);
    if (std::string wrong = judge(store); !wrong.empty()) return wrong;
    const core::Opening opening = store::open_new(store, 1'000'000 + count_, "afterwards");
    if (!store::lives(store, opening.key)) return "a new login opens no session";
    const Result<bool> ended = store.end(opening.key, core::EndReason::LoggedOut, store::kNoon);
    if (!ended || !*ended) return "a new session cannot be ended";
  }
  const Result<std::optional<store::Unfit>> unfit = store::read_through(options);
  if (!unfit) return "after more was written: " + unfit.error().detail;
  if (*unfit) return "after more was written it " + (*unfit)->why;
  if (std::string wrong = miscount(options); !wrong.empty()) return "after more: " + wrong;
  if (lines.count() > 0) return "it logs: " + lines.all();
  return {};
}

}  // namespace epoch::fault
