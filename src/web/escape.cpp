#include "web/escape.h"

#include <array>
#include <cstdint>

namespace epoch::web {
namespace {

constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

std::uint8_t byte_of(char c) noexcept { return static_cast<std::uint8_t>(c); }

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

// The well-formed sequences of RFC 3629 section 4, by their first byte: how long they are and where
// the second byte lies. The others lie between 0x80 and 0xbf.
struct Utf8Row {
  std::uint8_t first_from;
  std::uint8_t first_to;
  std::size_t length;
  std::uint8_t second_from;
  std::uint8_t second_to;
};
constexpr std::array<Utf8Row, 9> kUtf8Rows = {{
    {0x00, 0x7f, 1, 0x00, 0x00},
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
}};

bool lies_between(char c, std::uint8_t from, std::uint8_t to) noexcept {
  return byte_of(c) >= from && byte_of(c) <= to;
}

// The length of the well-formed sequence that a non-empty text begins with; 0 if there is none.
std::size_t utf8_sequence_length(std::string_view text) noexcept {
  for (const Utf8Row& row : kUtf8Rows) {
    if (!lies_between(text[0], row.first_from, row.first_to)) continue;
    if (text.size() < row.length) return 0;
    if (row.length > 1 && !lies_between(text[1], row.second_from, row.second_to)) return 0;
    for (std::size_t i = 2; i < row.length; ++i) {
      if (!lies_between(text[i], 0x80, 0xbf)) return 0;
    }
    return row.length;
  }
  return 0;
}

void append_json_ascii(std::string& json, char c) {
  if (c == '"' || c == '\\') {
    json.append({'\\', c});
  } else if (byte_of(c) < 0x20 || byte_of(c) == 0x7f) {
    json.append("\\u00").append({kLowerHex[byte_of(c) >> 4U], kLowerHex[byte_of(c) & 0xfU]});
  } else {
    json += c;
  }
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      encoded.append({'%', kUpperHex[byte_of(c) >> 4U], kUpperHex[byte_of(c) & 0xfU]});
    }
  }
  return encoded;
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0) {
      json += kReplacementCharacter;
    } else if (length == 1) {
      append_json_ascii(json, text[0]);
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json += '"';
}

}  // namespace epoch::web
