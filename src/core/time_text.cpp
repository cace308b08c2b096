#include "core/time_text.h"

#include <array>
#include <ctime>

namespace epoch::core {

std::string time_text(TimePoint at) {
  const std::time_t seconds = at.time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), length};
}

}  // namespace epoch::core
