// AuthEpochStrip, as the rest of the request's way needs to know it.
#pragma once

#include <httpd.h>

namespace epoch::httpd {

// Gives a sub-request or internal redirect back what was stripped from the request that led to it.
// May be called more than once.
void restore_stripped(request_rec* r);

}  // namespace epoch::httpd
