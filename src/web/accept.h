// What a client wants to read, told from its Accept header field (RFC 9110 section 12.5.1).
#pragma once

#include <string_view>

namespace epoch::web {

// Whether JSON is asked for by name, and HTML is not, or less so. Browsers and `*/*` get HTML.
bool prefers_json(std::string_view accept) noexcept;

}  // namespace epoch::web
