// What the tests of epochctl share: a console whose output is kept, and stores to look at.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/console.h"
#include "core/ports.h"

namespace epoch::cli {

// A console that keeps what was written.
struct Written {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, false};
};

// What a command line came to.
struct Ran {
  int status;
  std::string out;
  std::string err;
};

inline Ran run_epochctl(const std::vector<std::string>& arguments) {
  Written written;
  const int status = run(arguments, written.console);
  return {.status = status, .out = written.out.str(), .err = written.err.str()};
}

inline std::string id_of(const core::RecordKey& key) { return core::public_id(key); }

}  // namespace epoch::cli
