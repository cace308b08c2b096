#include "cli/console.h"

#include <ostream>
#include <utility>

namespace epoch::cli {
namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

}  // namespace

void Console::complain(const std::string& sentence) {
  if (sentence == last_complaint_) return;
  err_ << "epochctl: " << sentence << "\n";
  last_complaint_ = sentence;
}

int Console::fail(const core::Error& error) {
  complain(error.detail);
  switch (error.code) {
    case core::ErrorCode::Malformed:
      return kExitNotFound;
    case core::ErrorCode::Damaged:
      return kExitDamaged;
    case core::ErrorCode::Unavailable:
      break;
  }
  return kExitFailed;
}

Progress::Progress(Console& console, std::string what)
    : console_(console), what_(std::move(what)) {}

Progress::~Progress() {
  if (console_.err_is_terminal_ && count_ > 0) console_.err_ << kEraseLine << std::flush;
}

void Progress::advance(std::size_t count) {
  count_ += count;
  if (console_.err_is_terminal_) {
    console_.err_ << "\r" << count_ << " " << what_ << std::flush;
  }
}

}  // namespace epoch::cli
