// Who the provider says the user is: read from the request it has left, and written to one that it
// does not see.
#pragma once

#include <httpd.h>

#include <string_view>

#include "httpd/exchange.h"

namespace epoch::httpd {

// What providers put before the names of attributes (AUTHN_PREFIX of httpd's mod_auth.h).
inline constexpr std::string_view kAuthenticatePrefix = "AUTHENTICATE_";

// After the provider's yes: r->user, what it set in the environment, and the directory's entry.
core::Identity identity_of(const request_rec* r, const Decided& decided);

// As if the provider had seen the request and said yes. The identity outlives the request.
void admit_as(request_rec* r, const core::Identity& identity);

// The value of the variable that is named after an attribute; nullptr where there is none. The
// pointer is into `identity`.
const std::string* find_variable(const core::Identity& identity, std::string_view prefix,
                                 std::string_view attribute);

}  // namespace epoch::httpd
