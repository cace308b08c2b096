// `epochctl end`: sessions end at the administrator's word, on every process at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/lookup.h"

namespace epoch::cli {

// What is to end: some sessions by their ids, or else whatever the selection covers.
struct EndOrder {
  std::vector<std::string> sessions = {};
  Selection selection = {};
  std::optional<std::string> except =
      {};  // a live session that the selection covers, and that stays
};

// Ends it, durably, and tells what ended. Where something that was named is not there, nothing is
// ended. Returns the exit status.
int end(core::SessionStore& store, Console& console, const EndOrder& order, core::TimePoint now,
        bool json);

}  // namespace epoch::cli
