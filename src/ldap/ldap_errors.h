// libldap's result codes in the administrator's words.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace epoch::ldap {

// Unavailable. `what` is the step that failed, as a clause: "the search below dc=example,dc=org
// failed"; `diagnostic` is the server's own, and may be empty. Control characters are escaped.
core::Error ldap_error(int code, std::string_view what, std::string_view diagnostic = {});

}  // namespace epoch::ldap
