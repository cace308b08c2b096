// What the module itself says to a client: challenges, cookies, pages.
#pragma once

#include <string>
#include <string_view>

#include "httpd/exchange.h"
#include "web/page.h"

namespace epoch::httpd {

// Adds our cookie to the answer, whatever becomes of it (errors and redirects included).
void send_cookie(request_rec* r, Decided& decided, const std::string& value);

// Carries out a verdict that does not let the request on: sets cookie and challenge, and returns
// the status for httpd, or DONE where the whole answer has been sent.
int refuse(request_rec* r, Decided& decided);

// 503 with Retry-After (RFC 9110 section 10.2.3).
int unavailable(request_rec* r);

// Adds `WWW-Authenticate: Basic` as mod_auth_basic would: the browser prompts.
void challenge_with_basic(request_rec* r);

// Adds `WWW-Authenticate: Epoch`, a scheme that no browser knows: no dialog.
void challenge_with_epoch(request_rec* r);

// Send a whole answer. Return DONE; within a sub-request only the status, as the main request owns
// the answer.
int send_page(request_rec* r, int status, const web::Page& page);
int send_json(request_rec* r, int status, const std::string& json);
int send_problem(request_rec* r, int status, std::string_view title, std::string_view detail);

// 303 to a path of this origin.
int send_redirect(request_rec* r, std::string_view path);

// A fresh nonce for a page's Content-Security-Policy.
std::string make_nonce();

// Sets AUTH_EPOCH_* for applications and logs.
void set_environment(request_rec* r, const Decided& decided);

}  // namespace epoch::httpd
