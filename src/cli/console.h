// Where epochctl writes, and with which status it ends.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "core/result.h"

namespace epoch::cli {

// As epochctl(8) documents them.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;    // the store or the key file cannot be used
inline constexpr int kExitUsage = 2;     // the command line makes no sense
inline constexpr int kExitNotFound = 3;  // what was named is not there, or is not one thing
inline constexpr int kExitDamaged = 4;   // the store is damaged

class Console {
 public:
  Console(std::ostream& out, std::ostream& err, bool err_is_terminal)
      : out_(out), err_(err), err_is_terminal_(err_is_terminal) {}

  std::ostream& out() noexcept { return out_; }

  // One line on stderr, unless it is what was said last: a store logs why it does not open, and
  // answers with the same sentence.
  void complain(const std::string& sentence);

  // Complains. Returns the exit status: Malformed stands for what was named on the command line.
  int fail(const core::Error& error);

 private:
  friend class Progress;
  std::ostream& out_;
  std::ostream& err_;
  const bool err_is_terminal_;
  std::string last_complaint_;
};

// A line on the terminal that counts along, and is gone at the end. Where stderr is no terminal,
// nothing.
class Progress {
 public:
  // `what` completes "1000 ...".
  Progress(Console& console, std::string what);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance(std::size_t count);

 private:
  Console& console_;
  const std::string what_;
  std::size_t count_ = 0;
};

}  // namespace epoch::cli
