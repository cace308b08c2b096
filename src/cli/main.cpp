// epochctl: what an administrator does with a store on the command line. Works while httpd runs and
// while it is stopped.
#include <unistd.h>

#include <exception>
#include <iostream>

#include "cli/command_line.h"

int main(int argc, char** argv) {
  epoch::cli::Console console(std::cout, std::cerr, isatty(STDERR_FILENO) != 0);
  try {
    const int status = epoch::cli::run({argv + 1, argv + argc}, console);
    if (std::cout.flush()) return status;
    console.complain("the output could not be written");
    return epoch::cli::kExitFailed;
  } catch (const std::exception& e) {
    console.complain(e.what());
    return epoch::cli::kExitFailed;
  }
}
