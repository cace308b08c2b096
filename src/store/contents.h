// What moves from one store to another: records and epochs, and neither the instance nor the
// watcher's ledger.
#pragma once

#include <utility>
#include <vector>

#include "store/tables.h"

namespace epoch::store {

struct Contents {
  std::vector<std::pair<core::RecordKey, core::Record>> records;
  std::vector<KeyedEpoch> epochs;  // their commits mean nothing in another store
};

core::Result<Contents> read_contents(const Tables& tables);

// False, and nothing is written, where there are records already: one that has ended must not be
// overwritten by one that lives.
core::Result<bool> fill_empty(Tables& tables, const Contents& contents);

}  // namespace epoch::store
