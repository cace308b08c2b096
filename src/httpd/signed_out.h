// What is said of sessions that people have ended, whichever handler did it.
#pragma once

#include <httpd.h>

#include <string>

#include "core/service.h"
#include "httpd/exchange.h"

namespace epoch::httpd {

// A line of the error log.
void log_ended(request_rec* r, const core::RecordKey& session, const std::string& user);

// One for each session that ended.
void log_logout(request_rec* r, const core::LoggedOut& done);

// Where a finished logout leads, unless the request says otherwise.
std::string logout_path_of(const DirConfig& config);

// Sends the cookie, and answers as `response` says.
int answer_logout(request_rec* r, Decided& decided, LogoutResponse response,
                  const std::string& return_path, const core::LoggedOut& done);

}  // namespace epoch::httpd
