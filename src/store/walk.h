// Reads every page and every record of a store. May crash on a damaged file: see verification.h.
#pragma once

#include <string>

#include "store/store_options.h"

namespace epoch::store {

enum class WalkVerdict : char { Sound = 's', Damaged = 'd', Unknown = 'u' };

struct Walked {
  WalkVerdict verdict;
  std::string detail;
};

// Opens an LMDB environment of its own: never in a process that has the same store open.
// A store of another format version counts as sound.
Walked walk(const StoreOptions& options);

}  // namespace epoch::store
