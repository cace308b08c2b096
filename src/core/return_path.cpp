#include "core/return_path.h"

#include <algorithm>
#include <utility>

#include "core/bytes.h"
#include "core/text.h"

namespace epoch::core {
namespace {

constexpr std::size_t kLongestPath = 2048;

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

struct Decoded {
  std::string text;
  bool well_formed = true;  // each `%` was followed by two digits; where not, it stands as it is
};

Decoded percent_decoded(std::string_view text) {
  Decoded decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.text.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      decoded.well_formed = false;
      decoded.text.push_back('%');
      continue;
    }
    decoded.text.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

// Browsers read `\` as `/`, strip tabs and line ends, and take `//host` for another origin.
bool stays_here(std::string_view path) noexcept {
  if (path.empty() || path.front() != '/') return false;
  if (path.size() > 1 && (path[1] == '/' || path[1] == '\\')) return false;
  const std::string_view before_query = path.substr(0, path.find_first_of("?#"));
  return before_query.find('\\') == std::string_view::npos &&
         std::none_of(path.begin(), path.end(), is_control);
}

std::string for_location(std::string_view path) {
  std::string encoded;
  for (const char c : path) {
    const bool plain = c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
    if (plain) {
      encoded.push_back(c);
    } else {
      encoded.append("%").append(hex(bytes_of({&c, 1})));
    }
  }
  return encoded;
}

}  // namespace

std::optional<std::string> safe_return_path(std::string_view path) {
  if (path.size() > kLongestPath || !stays_here(path)) return std::nullopt;
  // Decoded twice: what is harmless now must stay so behind a proxy or framework that decodes
  // again. In the second pass a `%` without digits was itself an encoded character, and is left
  // alone, as such readers leave it.
  std::string view(path);
  for (int pass = 0; pass < 2 && view.find('%') != std::string::npos; ++pass) {
    Decoded decoded = percent_decoded(view);
    if ((pass == 0 && !decoded.well_formed) || !stays_here(decoded.text)) return std::nullopt;
    view = std::move(decoded.text);
  }
  return for_location(path);
}

}  // namespace epoch::core
