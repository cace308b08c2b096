// `epochctl list`, `show` and `stats`: what a store holds. Each returns the exit status.
#pragma once

#include <string>

#include "cli/lookup.h"

namespace epoch::cli {

// `all`: ended sessions too. As JSON, a line a session.
int list(core::SessionStore& store, Console& console, const Selection& selection, bool all,
         core::TimePoint now, bool json);

int show(core::SessionStore& store, Console& console, const std::string& id, core::TimePoint now,
         bool json);

int stats(core::SessionStore& store, Console& console, const std::string& directory,
          core::TimePoint now, bool json);

}  // namespace epoch::cli
