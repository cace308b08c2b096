// How values are written down, for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace epoch::cli {

using Json = nlohmann::ordered_json;

// Control characters are shown as \xHH, so that nobody's name can draw on the administrator's
// terminal.
std::string printable(std::string_view text);

// With spaces behind it, so that the next column begins at `width`.
std::string padded(std::string text, std::size_t width);

// "1 session", "2 sessions".
std::string counted(std::size_t count, const std::string& noun);

// One line, in ASCII. What is no UTF-8 is replaced by U+FFFD.
std::string json_line(const Json& value);

}  // namespace epoch::cli
