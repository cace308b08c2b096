// Opens what a disk holds as httpd would, and says what is wrong with it.
#pragma once

#include <functional>
#include <string>

#include "power_cut.h"
#include "store/lmdb_store.h"
#include "store_testing.h"

namespace epoch::fault {

// data.mdb alone, as begin_with() wants it.
void begin_with_data_of(const std::string& directory, Platter& platter);

// Lays files into a directory of its own, in which there may have been a lock file before.
class Bench {
 public:
  // What is wrong with these files as a store, empty where nothing is: it must open at once, with
  // nothing to say, satisfy `judge`, take another login and logout, and be sound after that.
  std::string trouble_with(const Files& files,
                           const std::function<std::string(store::LmdbStore&)>& judge);

 private:
  std::string trouble_after(const std::function<std::string(store::LmdbStore&)>& judge);

  store::ScratchDirectory directory_;
  std::size_t count_ = 0;
};

}  // namespace epoch::fault
