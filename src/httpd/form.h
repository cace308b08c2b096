// What a request asks for: the parameters of its URL, and of a form in its body.
#pragma once

#include <httpd.h>

#include <map>
#include <string>

namespace epoch::httpd {

using Fields = std::map<std::string, std::string, std::less<>>;

// The first of each name.
Fields read_query(request_rec* r);

// Puts the form's fields over what `fields` has. Returns OK, or what the handler returns: the
// request is refused. No body, and no fields, is OK.
int read_form(request_rec* r, Fields& fields);

// nullptr where there is none.
const std::string* find_field(const Fields& fields, std::string_view name);

}  // namespace epoch::httpd
