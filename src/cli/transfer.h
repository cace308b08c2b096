// `epochctl export` and `import`: sessions and epochs as lines of JSON (docs/formats.md).
#pragma once

#include <iosfwd>

#include "cli/console.h"
#include "store/lmdb_store.h"

namespace epoch::cli {

// Each returns the exit status.
int export_store(store::LmdbStore& store, Console& console);

// All of it or nothing.
int import_store(store::LmdbStore& store, Console& console, std::istream& lines, bool json);

}  // namespace epoch::cli
