// The version of the module, epochctl and the documents.
#pragma once

namespace epoch::core {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace epoch::core
