// How much a run does, and what it leaves for docs/reliability.md: as figures.py, from the same
// variables.
#pragma once

#include <cstddef>
#include <string>

namespace epoch::fault {

// EPOCH_FAULT_SCALE, from 1 on.
std::size_t scale();

// Adds "name: value" to the file that EPOCH_FAULT_FIGURES names, if it names one.
void record(const std::string& name, std::size_t value);

}  // namespace epoch::fault
