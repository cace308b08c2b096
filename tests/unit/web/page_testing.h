// What the tests of pages share.
#pragma once

#include <cstddef>
#include <string_view>

namespace epoch::web {

inline constexpr std::string_view kNonce = "r4nd0m-Nonce_";

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++times;
  }
  return times;
}

}  // namespace epoch::web
