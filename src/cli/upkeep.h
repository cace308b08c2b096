// `epochctl purge` and `check`: the store's own affairs. Each returns the exit status.
#pragma once

#include <string>

#include "cli/console.h"
#include "core/ports.h"

namespace epoch::cli {

// Forgets what no challenge can name any more, as httpd does from time to time.
int purge(core::SessionStore& store, Console& console, core::TimePoint now, bool json);

// Whether owners and modes are as they must be, and every record can be read. Changes nothing, and
// opens the store in a process of its own, which may crash.
int check(Console& console, const std::string& directory, bool json);

}  // namespace epoch::cli
