#include "web/escape.h"

#include <array>
#include <cstdint>

namespace epoch::web {
namespace {

constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";

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

std::string escaped_control(std::uint8_t code) {
  return std::string("\\u00").append({kLowerHex[code >> 4U], kLowerHex[code & 0xfU]});
}

// One well-formed sequence, as it stands in a JSON string.
std::string json_character(std::string_view sequence) {
  const char c = sequence[0];
  if (c == '"' || c == '\\') return {'\\', c};
  if (byte_of(c) < 0x20 || byte_of(c) == 0x7f) return escaped_control(byte_of(c));
  if (c == '\xc2' && byte_of(sequence[1]) < 0xa0) return escaped_control(byte_of(sequence[1]));
  if (sequence == "\xe2\x80\xa8") return "\\u2028";
  if (sequence == "\xe2\x80\xa9") return "\\u2029";
  return std::string(sequence);
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

std::string json_string(std::string_view text, std::size_t longest) {
  std::string json = "\"";
  std::size_t end_of_cut = json.size();  // up to where an ellipsis and the quote still fit
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    json +=
        length == 0 ? std::string(kReplacementCharacter) : json_character(text.substr(0, length));
    if (json.size() >= longest) {
      json.resize(end_of_cut);
      json += kEllipsis;
      break;
    }
    if (json.size() + kEllipsis.size() < longest) end_of_cut = json.size();
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json += '"';
}

}  // namespace epoch::web
