// AuthEpochRevalidate: requests of a live session that need no provider, and those whose password
// the provider must check again.
#pragma once

#include <httpd.h>

#include <optional>

#include "httpd/exchange.h"
#include "httpd/process.h"

namespace epoch::httpd {

// The file name of a module whose authentication hook stands behind ours and which is not one of
// httpd's own that leave AuthType Basic to mod_auth_basic; nullptr where there is none. Once the
// hooks are sorted, that is from post_config on.
const char* unknown_authentication_behind_ours();

// The provider has said yes lately: the request is admitted with what it said then. Answers OK.
int admit_without_provider(request_rec* r, const Decided& decided);

// Runs the authentication that stands behind ours, with mod_ldap's cache out of the way, and
// carries out what it says. Answers what check_authn is to answer: OK, 503
// (AuthEpochOnDirectoryError), or DECLINED where nothing stands behind ours. nullopt: the session
// is over, so the request must be decided anew.
std::optional<int> ask_provider_again(request_rec* r, Decided& decided, Child& child);

}  // namespace epoch::httpd
