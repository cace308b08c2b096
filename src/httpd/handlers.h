// The pages that `SetHandler auth-epoch-...` names. Each answers the whole request.
#pragma once

#include <httpd.h>

namespace epoch::httpd {

int serve_logout(request_rec* r);    // logout.cpp
int serve_sessions(request_rec* r);  // sessions.cpp
int serve_status(request_rec* r);    // status.cpp
int serve_admin(request_rec* r);     // admin.cpp
int serve_metrics(request_rec* r);   // metrics.cpp

}  // namespace epoch::httpd
