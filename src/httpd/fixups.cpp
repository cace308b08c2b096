// fixups: authentication and authorization have said yes. A login becomes a session here.
#include <httpd.h>

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include <algorithm>

#include "httpd/answers.h"
#include "httpd/boundary.h"
#include "httpd/exchange.h"
#include "httpd/happenings.h"
#include "httpd/identity.h"
#include "httpd/process.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

constexpr std::size_t kLongestUserAgent = 256;

core::LoginFacts facts_of(const request_rec* r, const Decided& decided) {
  const char* agent = apr_table_get(r->headers_in, "User-Agent");
  return {.identity = identity_of(r, decided),
          .zone = decided.space->zone,
          // What a sub-request's environment holds is not this provider's alone, so that the yes
          // must not stand for it.
          .verifier = r->main == nullptr ? decided.policy.verifier : core::Verifier{},
          .address = r->useragent_ip,
          .user_agent = std::string(agent == nullptr ? "" : agent).substr(0, kLongestUserAgent)};
}

// Something ended, closed or grew between the decision and now: the credentials may be older than
// that, so they are refused like stale ones.
int refuse_conflict(request_rec* r, Decided& decided, core::Service& service) {
  const Presentation presentation(r);
  core::Result<core::Examined> examined = service.refuse_conflict(
      *decided.examined.login, presentation.presented(), limits_of(dir_config_of(r)), time_of(r));
  if (!examined) return decided.answer = unavailable(r);
  decided.examined = *std::move(examined);
  note_over(r, decided.examined.found_over);
  note_refusal(r, decided, presentation);
  set_environment(r, decided);
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                "login of user %s refused: its session or an epoch ended while the password was "
                "being verified",
                r->user);
  return decided.answer = refuse(r, decided);
}

// AuthEpochMaxSessions deny. The challenge stays armed: as soon as the person has signed out
// elsewhere, a reload is enough.
int refuse_one_too_many(request_rec* r, Decided& decided) {
  decided.examined.verdict = {.action = core::Action::Forbid,
                              .cookie = core::SendCookie::Nothing,
                              .reason = core::Reason::SessionLimit,
                              .row = decided.examined.verdict.row};
  decided.examined.session.reset();
  decided.examined.cookie_value.clear();
  note_refusal(r, decided, Presentation(r));
  set_environment(r, decided);
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                "login of user %s refused: in zone %s a user may have no more than %" APR_SIZE_T_FMT
                " sessions (AuthEpochMaxSessions)",
                r->user, decided.space->zone.c_str(), decided.policy.session_limit->most);
  return decided.answer = refuse(r, decided);
}

int open_session(request_rec* r, Decided& decided) {
  Child& child = *process_of(r->server).child;
  core::Result<core::OpenedSession> opened = child.service().open(
      *decided.examined.login, facts_of(r, decided), decided.policy, time_of(r));
  child.note_store_answer(r, StoreUse::Writing, opened ? std::string() : opened.error().detail);
  if (!opened) {
    return decided.policy.report ? DECLINED : decided.answer = unavailable(r);
  }
  if (opened->outcome == core::OpenOutcome::Conflict) {
    return decided.policy.report ? DECLINED : refuse_conflict(r, decided, child.service());
  }
  if (opened->outcome == core::OpenOutcome::TooMany) return refuse_one_too_many(r, decided);
  if (opened->outcome == core::OpenOutcome::Opened) {
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "session %s of user %s opened in zone %s",
                  core::short_id(opened->session.key).c_str(), r->user,
                  decided.space->zone.c_str());
    note_login(r, decided, *opened);
  }
  decided.opened = true;
  decided.examined.session = opened->session;
  decided.examined.session_root = opened->root;
  send_cookie(r, decided, opened->cookie_value);
  set_environment(r, decided);
  return OK;
}

// httpd does not authenticate again where an internal redirect meets the same configuration, and
// has renamed the environment to REDIRECT_*; the application behind it looks for ours.
void repeat_environment(request_rec* r) {
  if (r->prev == nullptr || mode_of(dir_config_of(r)) == Mode::Off) return;
  if (const Decided* earlier = earlier_decision(r)) set_environment(r, *earlier);
}

int fix_up(request_rec* r) {
  Decided* decided = decided_of(r);
  if (decided == nullptr) repeat_environment(r);
  if (decided == nullptr || r->user == nullptr) return DECLINED;
  if (decided->examined.login) return open_session(r, *decided);
  if (decided->examined.verdict.action == core::Action::AdmitSuccessor) {
    send_cookie(r, *decided, decided->examined.cookie_value);
    return OK;
  }
  return DECLINED;
}

}  // namespace
}  // namespace epoch::httpd

int epoch_fixups(request_rec* r) {
  return epoch::httpd::guarded(r, HTTP_SERVICE_UNAVAILABLE,
                               [r] { return epoch::httpd::fix_up(r); });
}
