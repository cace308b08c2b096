// Directives of other modules. httpd hands a directive to every module that declares it, so that we
// see who checks passwords, and what would keep a logout from working, without the administrator
// repeating it. Nothing of this changes what the other module does.
#pragma once

#include <httpd.h>

#include <http_config.h>

#include <string>
#include <string_view>
#include <utility>

#include "httpd/boundary.h"

namespace epoch::httpd {

// nullptr, or why httpd must refuse the directive: no other module declares it, so that it would do
// nothing.
const char* refuse_undeclared(cmd_parms* cmd);

std::string first_word(cmd_parms* cmd, const char* arguments);

// `Require ldap-search` searches without asking for the user's DN first; every other kind asks.
bool searches_for_itself(std::string_view requirement) noexcept;

// Runs the body of a function that looks at a directive.
template <typename Body>
const char* observe(cmd_parms* cmd, Body&& body) {
  return guarded(cmd->server, "internal error while reading this directive", [&]() -> const char* {
    if (const char* refusal = refuse_undeclared(cmd)) return refusal;
    std::forward<Body>(body)();
    return nullptr;
  });
}

}  // namespace epoch::httpd
