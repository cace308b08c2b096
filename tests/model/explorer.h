// Goes through everything that can happen in a setting, breadth first, so that the first violation
// found has a shortest trace; and beyond that at random.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "world.h"

namespace epoch::model {

struct Counterexample {
  std::vector<Action> trace;
  Violation violation;
};

struct Exploration {
  std::size_t states = 0;
  std::size_t steps = 0;
  std::size_t depth = 0;  // of the deepest state that was expanded, in steps from the first
  bool complete = false;  // nothing new was left: every run of any length has been seen
  std::optional<Counterexample> found = {};
};

// Stops at the first violation, or when all runs of up to `depth` steps have been seen. With
// `property` it looks for violations of that one only.
Exploration explore(const Setting& setting, const Rules& rules, std::size_t depth,
                    const std::string& property = {});

// Runs of `length` steps each, chosen at random. Stops at the first violation.
Exploration walk(const Setting& setting, const Rules& rules, std::uint64_t seed, std::size_t runs,
                 std::size_t length);

}  // namespace epoch::model
