// `epochctl keys`: the file of the signing keys. Each returns the exit status.
#pragma once

#include <string>

#include "cli/console.h"
#include "core/session.h"

namespace epoch::cli {

// Ids and ages, never the keys themselves.
int list_keys(Console& console, const std::string& file, bool json);

// Adds a new key and keeps the `keep` newest.
int rotate_keys(Console& console, const std::string& file, std::size_t keep, core::TimePoint now,
                bool json);

}  // namespace epoch::cli
