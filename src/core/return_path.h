// The return path: where a finished logout leads, never off this origin.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace epoch::core {

// Checks the value of `?return=` after form decoding. Accepted: a path of this origin, which begins
// with one `/` that no `/` or `\` follows, and, decoded again as often as a careless reader might,
// still does, without control characters or backslashes anywhere. The result is the path as it may
// stand in a Location header field (RFC 9110 section 10.2.2): 8-bit bytes percent-encoded.
// nullopt: ignore it.
std::optional<std::string> safe_return_path(std::string_view path);

}  // namespace epoch::core
