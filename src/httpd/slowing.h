// AuthEpochFailedLogins: who guesses passwords is made to wait, before the provider is asked.
#pragma once

#include <httpd.h>

#include "httpd/exchange.h"

namespace epoch::httpd {

// Where the decision lets credentials on to the provider as somebody's login, counts it, or makes
// another decision of it: it has to wait. AuthEpoch Report refuses nothing all the same.
void slow_down(request_rec* r, Decided& decided, const Presentation& presentation);

// What became of the request's login, once all has been said: a line in the log where it failed.
// With authorization's beginning it has succeeded (epoch_check_authz()).
void note_outcome(request_rec* r);

}  // namespace epoch::httpd
