#include "httpd/happenings.h"

#include <http_log.h>
#include <http_protocol.h>

#include <string>

#include "httpd/boundary.h"
#include "httpd/process.h"
#include "httpd/slowing.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::Action;
using core::EndReason;
using core::LogoutScope;
using core::NamedSession;

constexpr std::string_view kEstablished = "session-established";
constexpr std::string_view kRevoked = "session-revoked";
constexpr std::string_view kCredentialChange = "credential-change";
constexpr std::string_view kAccountDisabled = "account-disabled";
constexpr std::string_view kRefused = "credentials-refused";
constexpr std::string_view kLoginFailed = "login-failed";

// Who brought it about, in CAEP's words.
constexpr std::string_view kUser = "user";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kPolicy = "policy";
constexpr std::string_view kSystem = "system";

std::string_view initiator_of(EndReason reason) noexcept {
  switch (reason) {
    case EndReason::LoggedOut:
    case EndReason::Superseded:
      return kUser;
    case EndReason::IdleTimeout:
    case EndReason::MaxAge:
    case EndReason::SessionLimit:
      return kPolicy;
    case EndReason::EndedByAdministrator:
      return kAdmin;
    default:
      return kSystem;
  }
}

std::string_view event_of_account(EndReason reason) noexcept {
  if (reason == EndReason::PasswordChanged) return kCredentialChange;
  return reason == EndReason::AccountBarred ? kAccountDisabled : kRevoked;
}

std::string_view word_for(LogoutScope scope) noexcept {
  switch (scope) {
    case LogoutScope::OtherBrowsers:
      return "others";
    case LogoutScope::AllBrowsers:
      return "all";
    case LogoutScope::ThisBrowser:
      break;
  }
  return "this";
}

std::string_view text_or_nothing(const char* text) noexcept { return text == nullptr ? "" : text; }

// mod_unique_id's, which the access log may have too; else the one that ErrorLogFormat shows as %L.
const char* request_id_of(request_rec* r) {
  if (const char* unique = apr_table_get(r->subprocess_env, "UNIQUE_ID")) return unique;
  if (r->log_id == nullptr) ap_run_generate_log_id(r->connection, r, &r->log_id);
  return r->log_id;
}

web::AuditLine line_of(request_rec* r, std::string_view event, std::string_view reason,
                       std::string_view initiator) {
  web::AuditLine line;
  line.event = event;
  line.reason = reason;
  line.initiator = initiator;
  line.address = text_or_nothing(r->useragent_ip);
  line.user_agent = text_or_nothing(apr_table_get(r->headers_in, "User-Agent"));
  line.request_id = text_or_nothing(request_id_of(r));
  return line;
}

void describe(web::AuditLine& line, const core::Session& session) noexcept {
  line.user = session.identity.user;
  line.account = session.identity.dn;
  line.zone = session.zone;
}

void write(const Process& process, const web::AuditLine& line) noexcept {
  if (process.audit != nullptr && !process.audit->write(line)) {
    process.metrics->lost_audit_lines.add();
  }
}

void write_session(request_rec* r, std::string_view event, std::string_view reason,
                   std::string_view initiator, const NamedSession& session) {
  web::AuditLine line = line_of(r, event, reason, initiator);
  describe(line, *session.session);
  const std::string id = core::public_id(session.key);
  line.session = id;
  write(process_of(r->server), line);
}

void write_logout(request_rec* r, const Decided& decided, LogoutScope scope,
                  const std::optional<NamedSession>& owner, std::string_view session) {
  web::AuditLine line = line_of(r, kRevoked, core::to_string(EndReason::LoggedOut),
                                initiator_of(EndReason::LoggedOut));
  line.zone = decided.space->zone;
  if (owner) describe(line, *owner->session);
  line.scope = word_for(scope);
  line.session = session;
  write(process_of(r->server), line);
}

web::AuditLine line_by_administrator(request_rec* r, std::string_view reason) {
  web::AuditLine line = line_of(r, kRevoked, core::to_string(EndReason::EndedByAdministrator),
                                initiator_of(EndReason::EndedByAdministrator));
  line.actor = text_or_nothing(r->user);
  line.reason_admin = reason;
  return line;
}

// Of a login that was let on: what stands behind us refused it.
bool has_failed_to_log_in(const request_rec* r) {
  const Decided* decided = decided_of(r);
  return decided != nullptr && decided->examined.login && !decided->opened &&
         r->status == HTTP_UNAUTHORIZED && r->user != nullptr;
}

void note_failed_login(request_rec* r) {
  process_of(r->server).metrics->failed_logins.add();
  web::AuditLine line = line_of(r, kRefused, kLoginFailed, kPolicy);
  line.user = r->user;
  line.zone = decided_of(r)->space->zone;
  write(process_of(r->server), line);
}

}  // namespace

void note_admission(request_rec* r, Action action) noexcept {
  SharedMetrics& metrics = *process_of(r->server).metrics;
  if (action == Action::Admit || action == Action::AdmitSuccessor) metrics.admissions.add();
  if (action == Action::Stateless) metrics.stateless_admissions.add();
}

void note_refusal(request_rec* r, const Decided& decided,
                  const Presentation& presentation) noexcept {
  guarded(r, false, [&] {
    const core::Verdict& verdict = decided.examined.verdict;
    process_of(r->server).metrics->refusals.add(verdict.reason);
    const core::Credentials* credentials = presentation.presented().credentials;
    const bool refused = verdict.action == Action::RefuseAndArm || verdict.action == Action::Forbid;
    if (credentials == nullptr || !refused || r->main != nullptr) return true;
    web::AuditLine line = line_of(r, kRefused, core::to_string(verdict.reason), kPolicy);
    line.user = credentials->user();
    line.zone = decided.space->zone;
    write(process_of(r->server), line);
    return true;
  });
}

void note_unavailable(request_rec* r, core::Reason reason) noexcept {
  process_of(r->server).metrics->refusals.add(reason);
}

void note_login(request_rec* r, const Decided& decided,
                const core::OpenedSession& opened) noexcept {
  guarded(r, false, [&] {
    process_of(r->server).metrics->logins.add();
    const core::Reason reason = decided.examined.verdict.reason;
    write_session(r, kEstablished,
                  decided.policy.report          ? "report"
                  : reason == core::Reason::None ? "login"
                                                 : core::to_string(reason),
                  kUser, opened.session);
    note_over(r, opened.ended);
    return true;
  });
}

void note_ended(request_rec* r, const NamedSession& session, EndReason reason) noexcept {
  guarded(r, false, [&] {
    process_of(r->server).metrics->ended_sessions.add(reason);
    write_session(r, kRevoked, core::to_string(reason), initiator_of(reason), session);
    return true;
  });
}

void note_over(request_rec* r, std::span<const NamedSession> sessions) noexcept {
  for (const NamedSession& session : sessions) note_ended(r, session, session.session->end->reason);
}

void note_logout(request_rec* r, const Decided& decided, LogoutScope asked_for,
                 const core::LoggedOut& done) noexcept {
  guarded(r, false, [&] {
    note_over(r, done.found_over);
    SharedMetrics& metrics = *process_of(r->server).metrics;
    if (done.ended.empty() && !done.swept) return true;
    metrics.logouts.add(done.swept ? asked_for : LogoutScope::ThisBrowser);
    for (const core::RecordKey& key : done.ended) {
      metrics.ended_sessions.add(EndReason::LoggedOut);
      write_logout(r, decided, LogoutScope::ThisBrowser, done.session, core::public_id(key));
    }
    if (done.swept) write_logout(r, decided, asked_for, done.session, "");
    return true;
  });
}

void note_ended_by_administrator(request_rec* r, const NamedSession& session,
                                 std::string_view reason) noexcept {
  guarded(r, false, [&] {
    const Process& process = process_of(r->server);
    process.metrics->ended_sessions.add(EndReason::EndedByAdministrator);
    web::AuditLine line = line_by_administrator(r, reason);
    describe(line, *session.session);
    const std::string id = core::public_id(session.key);
    line.session = id;
    write(process, line);
    return true;
  });
}

void note_swept_by_administrator(request_rec* r, const core::Sweep& sweep,
                                 const core::Session* one_of_them,
                                 std::string_view reason) noexcept {
  guarded(r, false, [&] {
    web::AuditLine line = line_by_administrator(r, reason);
    line.scope = word_for(sweep.except ? LogoutScope::OtherBrowsers : LogoutScope::AllBrowsers);
    line.zone = sweep.zone;
    if (one_of_them != nullptr) describe(line, *one_of_them);
    write(process_of(r->server), line);
    return true;
  });
}

void note_ended_account(const Process& process, const ldap::EndedAccount& account) noexcept {
  process.metrics->ended_accounts.add(account.reason);
  web::AuditLine line;
  line.event = event_of_account(account.reason);
  line.reason = core::to_string(account.reason);
  line.initiator = initiator_of(account.reason);
  line.account = account.dn;
  line.scope = "all";
  write(process, line);
}

}  // namespace epoch::httpd

int epoch_log_transaction(request_rec* r) {
  return epoch::httpd::guarded(r, DECLINED, [r] {
    for (request_rec* each = r; each != nullptr; each = each->next) {
      epoch::httpd::note_outcome(each);
      if (epoch::httpd::has_failed_to_log_in(each)) epoch::httpd::note_failed_login(each);
    }
    return DECLINED;
  });
}
