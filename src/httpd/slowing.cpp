#include "httpd/slowing.h"

#include <httpd.h>

#include <http_log.h>

#include <string>

#include "httpd/boundary.h"
#include "httpd/monotonic.h"
#include "httpd/process.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::Action;

constexpr std::int64_t kMsPerSecond = 1000;

FailureLimit in_milliseconds(const FailedLogins& limit) noexcept {
  return {.failures = limit.most, .window_ms = limit.within.count() * kMsPerSecond};
}

// conf/fail2ban matches this line and the one of note_outcome(). The name stands last: it is the
// client's to choose, and must not be able to look like another client's address.
void log_refusal(request_rec* r, const Decided& decided, const std::string& user, bool is_news) {
  ap_log_rerror(APLOG_MARK, is_news ? APLOG_WARNING : APLOG_INFO, 0, r,
                "login refused: too many have failed (AuthEpochFailedLogins), the next may be "
                "tried in %d s; user %s",
                static_cast<int>(decided.wait.count()), user.c_str());
}

// The challenge stays as it is: once the wait is over, a reload tries what the person has typed.
void refuse_for_now(request_rec* r, Decided& decided, const Turn& turn, const std::string& user) {
  core::Examined& examined = decided.examined;
  decided.wait = Seconds((turn.wait_ms + kMsPerSecond - 1) / kMsPerSecond);
  examined.verdict = {.action = Action::Forbid,
                      .cookie = core::SendCookie::Nothing,
                      .reason = core::Reason::FailedLogins,
                      .row = examined.verdict.row};
  examined.cookie_value.clear();
  if (decided.policy.report) return;
  examined.login.reset();
  log_refusal(r, decided, user, turn.is_news);
}

// In Report mode also credentials that On would have refused as stale.
bool is_login(const Decided& decided) noexcept {
  return decided.examined.login || decided.examined.verdict.action == Action::Stateless;
}

// Also where the challenge that mod_auth_basic answered with has become another answer meanwhile.
bool was_refused(const request_rec* r) {
  return r->status == HTTP_UNAUTHORIZED ||
         apr_table_get(r->err_headers_out, "WWW-Authenticate") != nullptr;
}

// Neither yes nor no. What cannot be told from a failure is one.
bool was_not_answered(const request_rec* r, const Decided& decided) {
  return decided.directory_failed || (ap_is_HTTP_SERVER_ERROR(r->status) && !was_refused(r));
}

void take_back_unanswered(request_rec* r) {
  Decided* decided = decided_of(r);
  if (decided == nullptr || !decided->attempt || decided->attempt->succeeded) return;
  if (!was_not_answered(r, *decided)) return;
  const Attempt& attempt = *decided->attempt;
  process_of(r->server).failures->take_back(attempt.name, attempt.turn, monotonic_ms());
  decided->attempt.reset();
}

void note_success(request_rec* r) {
  Decided* decided = decided_of(r);
  if (decided == nullptr || !decided->attempt || decided->attempt->succeeded) return;
  Attempt& attempt = *decided->attempt;
  attempt.succeeded = true;
  if (!attempt.is_limited) return;
  process_of(r->server).failures->succeed(attempt.name, attempt.turn, monotonic_ms());
}

}  // namespace

void slow_down(request_rec* r, Decided& decided, const Presentation& presentation) {
  const core::Credentials* credentials = presentation.presented().credentials;
  if (credentials == nullptr || !is_login(decided)) return;
  Attempt attempt;
  attempt.user = credentials->user();
  if (const std::optional<FailedLogins> limit = failed_logins_of(dir_config_of(r))) {
    SharedFailures& failures = *process_of(r->server).failures;
    attempt.is_limited = true;
    attempt.name = failures.name(decided.policy.verifier, attempt.user, credentials->encoded(),
                                 r->useragent_ip);
    attempt.turn = failures.begin(attempt.name, in_milliseconds(*limit), monotonic_ms());
  }
  if (attempt.turn.wait_ms > 0) {
    refuse_for_now(r, decided, attempt.turn, attempt.user);
  } else {
    decided.attempt = std::move(attempt);
  }
}

void note_outcome(request_rec* r) {
  take_back_unanswered(r);  // where an ErrorDocument has answered
  const Decided* decided = decided_of(r);
  if (decided == nullptr || !decided->attempt || decided->attempt->succeeded) return;
  const Attempt& attempt = *decided->attempt;
  // What one typed answer's other requests are told is not another failure.
  if (!was_refused(r) || (attempt.is_limited && attempt.turn.counters == 0)) return;
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                "login failed: wrong password or unknown user; user %s", attempt.user.c_str());
}

}  // namespace epoch::httpd

int epoch_check_authz(request_rec* r) {
  return epoch::httpd::guarded(r, DECLINED, [r] {
    epoch::httpd::note_success(r);
    return DECLINED;
  });
}

// Before the client is told, as what it sends next must not find this counted.
void epoch_forgive_errors(request_rec* r) {
  epoch::httpd::guarded(r, false, [r] {
    epoch::httpd::take_back_unanswered(r);
    return true;
  });
}
