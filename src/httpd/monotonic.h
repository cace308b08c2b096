// Time that no clock setting moves, which all processes of a machine read alike.
#pragma once

#include <chrono>
#include <cstdint>

namespace epoch::httpd {

inline std::int64_t monotonic_ms() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace epoch::httpd
