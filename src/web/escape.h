// Writing text into HTML, URLs and JSON, so that it stays text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace epoch::web {

// For element content and for attribute values in either kind of quotes.
std::string html_escaped(std::string_view text);

// For a value in a URL's query: everything but unreserved characters (RFC 3986 section 2.3) as %XX.
std::string percent_encoded(std::string_view text);

// A JSON string (RFC 8259 section 7), quotes included. JSON is UTF-8: each byte that is not part of
// a well-formed sequence becomes U+FFFD. Nothing in it is a line's end to anybody: what Unicode
// counts as a control character or a line separator is escaped too. Where the result would be
// longer than `longest` bytes (at least 5), the text is cut between two characters and ends with an
// ellipsis.
std::string json_string(std::string_view text, std::size_t longest = std::string::npos);

}  // namespace epoch::web
