// A trace as a story that a person can follow.
#pragma once

#include <string>

#include "explorer.h"

namespace epoch::model {

// One numbered sentence a step, and last what is wrong.
std::string story_of(const Counterexample& found, const Setting& setting, const Rules& rules);

}  // namespace epoch::model
