// A life of a store in which everything happens that can be written there, one commit a step.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/lmdb_store.h"

namespace epoch::fault {

struct Step {
  std::string name;
  // Done again after an error, it does what it would have done then.
  std::function<core::Result<core::Done>(store::LmdbStore&)> run;
};

// Some sessions, so that the trees have branches.
std::vector<Step> childhood();

// Logins, touches, verifications, logouts of one and of many, sweeps of every reach, what the
// watcher notes, purges. Time passes from round to round.
std::vector<Step> life(unsigned rounds);

// All that a store holds, to tell whether two hold the same: records, epochs and when they grew,
// and the ledger. The order of commits counts, their numbers do not.
core::Result<std::string> description(store::LmdbStore& store);

}  // namespace epoch::fault
