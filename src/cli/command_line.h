// epochctl's command line: sub-commands, their options, and what they do.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"

namespace epoch::cli {

// Does what the arguments (without the program's name) say. Returns the exit status.
int run(std::vector<std::string> arguments, Console& console);

}  // namespace epoch::cli
