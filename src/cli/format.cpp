#include "cli/format.h"

#include "core/bytes.h"
#include "core/text.h"

namespace epoch::cli {

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (core::is_control(c)) {
      shown += "\\x" + core::hex(core::bytes_of({&c, 1}));
    } else {
      shown.push_back(c);
    }
  }
  return shown;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string json_line(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace epoch::cli
