// A store on disk. Where the program is aborted its directory stays; tests/fuzz/run removes it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "property.h"
#include "store/lmdb_store.h"

namespace epoch::fuzz {

class ScratchStore {
 public:
  ScratchStore() : store_({.directory = make_directory(path_), .map_bytes = kMapBytes}) {}
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;
  ~ScratchStore() { std::filesystem::remove_all(path_); }

  store::LmdbStore* operator->() noexcept { return &store_; }
  store::LmdbStore& operator*() noexcept { return store_; }

 private:
  static constexpr std::size_t kMapBytes = std::size_t{16} << 20U;

  static std::string make_directory(std::string& path) {
    path = (std::filesystem::temp_directory_path() / "epoch-fuzz-XXXXXX").string();
    require(mkdtemp(path.data()) != nullptr, "a directory can be made");
    return path;
  }

  std::string path_;
  store::LmdbStore store_;
};

}  // namespace epoch::fuzz
