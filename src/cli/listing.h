// A session as text: `epochctl list` and `epochctl show`.
#pragma once

#include <string>

#include "cli/format.h"
#include "core/ports.h"

namespace epoch::cli {

// The header line of the listing.
std::string listing_header();

// One line for one session.
std::string listing_line(const core::Listed& listed, core::TimePoint now);

// Everything about one session that opens nothing, a line each.
std::string details(const core::Listed& listed, core::TimePoint now);

// The same for programs.
Json json_of(const core::Listed& listed, core::TimePoint now);

// "live", or why not: "logged-out", "max-age", ... The idle timeout depends on the location and is
// therefore not considered.
std::string state_of(const core::Listed& listed, core::TimePoint now);
bool is_live(const core::Listed& listed, core::TimePoint now);

}  // namespace epoch::cli
