// What the fuzz targets share. A target is one file of targets/: it cuts an input up and says what
// must hold of it. An exception that leaves it, like a property that does not hold, ends the run,
// and libFuzzer keeps the input.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace epoch::fuzz {

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

inline bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), core::is_control);
}

inline bool is_part_of(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

inline std::string_view text_of_input(const std::uint8_t* bytes, std::size_t size) {
  return core::text_of(core::Bytes(bytes, size));
}

// Thirty-two bytes of the input, or as many as it has.
inline core::Hash256 take_hash(FuzzedDataProvider& input) {
  core::Hash256 hash{};
  input.ConsumeData(hash.data(), hash.size());
  return hash;
}

}  // namespace epoch::fuzz
