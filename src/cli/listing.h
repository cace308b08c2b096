// `epochctl list`: the sessions of a store as lines of text.
#pragma once

#include <string>

#include "core/ports.h"

namespace epoch::cli {

// The header line of the listing.
std::string listing_header();

// One line for one session. Control characters of user names, zones and addresses are shown as
// \xHH, so that nobody's name can draw on the administrator's terminal.
std::string listing_line(const core::Listed& listed, core::TimePoint now);

// "live", or why not: "logged-out", "max-age", ... The idle timeout depends on the location and is
// therefore not considered.
std::string state_of(const core::Listed& listed, core::TimePoint now);

}  // namespace epoch::cli
