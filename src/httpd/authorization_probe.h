// Who else than the user of this request may come here.
#pragma once

#include <httpd.h>

namespace epoch::httpd {

// Whether `Require` lets in whoever can log in at all: a user whose name nobody can have. Asks the
// modules that authorize, which may ask a directory; what they log of it is suppressed. Where it
// cannot be found out, they do.
bool lets_everybody_in(request_rec* r);

}  // namespace epoch::httpd
