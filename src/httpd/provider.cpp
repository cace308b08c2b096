#include "httpd/provider.h"

#include <httpd.h>

#include <http_log.h>
#include <http_request.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>

#include "httpd/answers.h"
#include "httpd/happenings.h"
#include "httpd/identity.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

// The check_user_id hooks that httpd runs after ours, in its order.
std::span<const ap_LINK_check_user_id_t> hooks_behind_ours() {
  const apr_array_header_t* hooks = ap_hook_get_check_user_id();
  if (hooks == nullptr) return {};
  const std::span links(reinterpret_cast<const ap_LINK_check_user_id_t*>(hooks->elts),
                        static_cast<std::size_t>(hooks->nelts));
  const auto ours = std::find_if(links.begin(), links.end(),
                                 [](const auto& each) { return each.pFunc == epoch_check_authn; });
  if (ours == links.end()) return {};
  return links.subspan(static_cast<std::size_t>(ours - links.begin()) + 1);
}

// As httpd would run them: the first that does not decline answers. There mod_auth_basic stands
// with its providers.
int run_authentication_behind_ours(request_rec* r) {
  for (const ap_LINK_check_user_id_t& hook : hooks_behind_ours()) {
    const int answer = hook.pFunc(r);
    if (answer != DECLINED) return answer;
  }
  return DECLINED;
}

void log_outage(request_rec* r, bool failed) {
  if (failed) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "the directory cannot be asked whether the password of user %s still holds "
                  "(AuthEpochRevalidate). Until it can, AuthEpochOnDirectoryError says what "
                  "happens; no session is lost",
                  r->user);
  } else {
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, "the directory answers again");
  }
}

// AuthEpochOnDirectoryError.
int answer_without_directory(request_rec* r, Decided& decided) {
  core::Verdict& verdict = decided.examined.verdict;
  verdict.reason = core::Reason::DirectoryUnavailable;
  const std::optional<Seconds> stale = server_config_of(r->server).directory_stale;
  const core::Session& session = *decided.examined.session->session;
  // A clock that was set back must not make a yes last longer.
  const Seconds age = std::chrono::abs(time_of(r) - session.verified);
  const bool admits =
      stale && decided.policy.verifier_is_known && age < *decided.policy.revalidate + *stale;
  if (admits) {
    set_environment(r, decided);
    return admit_without_provider(r, decided);
  }
  verdict.action = core::Action::Unavailable;
  note_unavailable(r, verdict.reason);
  set_environment(r, decided);
  return unavailable(r);
}

void log_end(request_rec* r, const core::NamedSession& session, core::EndReason reason) {
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                "session %s of user %s ended: asked again, the directory said no (%s)",
                core::short_id(session.key).c_str(), session.session->identity.user.c_str(),
                std::string(core::to_string(reason)).c_str());
}

// The session's end, for what is decided next.
std::optional<int> end_session(request_rec* r, const Decided& decided, core::EndReason reason,
                               Child& child) {
  const core::NamedSession& session = *decided.examined.session;
  const core::Result<bool> ended = child.service().end(session, reason, time_of(r));
  if (!ended) {
    child.note_store_answer(r, StoreUse::Writing, ended.error().detail);
    return unavailable(r);
  }
  // A request that came in between has found the session live and asked as well.
  if (*ended) {
    log_end(r, session, reason);
    note_ended(r, session, reason);
  }
  return std::nullopt;
}

std::optional<int> note_yes(request_rec* r, Decided& decided, Child& child) {
  // AuthLDAPRemoteUserAttribute without a value: authorization refuses, as always.
  if (r->user == nullptr) return OK;
  const core::Result<core::VerifyOutcome> noted =
      child.service().note_verified(*decided.examined.session, identity_of(r, decided), time_of(r));
  if (!noted) {
    child.note_store_answer(r, StoreUse::Writing, noted.error().detail);
    return unavailable(r);
  }
  switch (*noted) {
    case core::VerifyOutcome::Noted:
      return OK;
    case core::VerifyOutcome::Another:
      return end_session(r, decided, core::EndReason::AccountRenamed, child);
    case core::VerifyOutcome::Over:
      break;
  }
  return std::nullopt;
}

// Asks, and sees to what the answer means. What counts is what the providers say, not what httpd
// makes of it: what stands behind them may answer with anything.
std::optional<int> ask(request_rec* r, Decided& decided, Child& child) {
  SharedOutages& outages = *process_of(r->server).outages;
  const core::Verifier& verifier = decided.policy.verifier;
  if (!outages.may_ask(verifier)) return answer_without_directory(r, decided);

  decided.must_ask = decided.examined.session->key.value;
  const int answer = run_authentication_behind_ours(r);
  // mod_auth_basic's challenge; what is decided next has its own.
  if (answer != OK) apr_table_unset(r->err_headers_out, "WWW-Authenticate");
  if (answer != OK && decided.directory_failed) {
    if (outages.note_failure(verifier)) log_outage(r, true);
    return answer_without_directory(r, decided);
  }
  if (outages.note_answer(verifier)) log_outage(r, false);
  if (answer == OK) return note_yes(r, decided, child);
  if (answer == HTTP_UNAUTHORIZED || decided.was_refused) {
    return end_session(r, decided, core::EndReason::PasswordRefused, child);
  }
  return answer;
}

// Gives those who wait for it the result, whatever happens.
class Asking {
 public:
  Asking(SharedVerifications& shared, const core::Hash256& session,
         SharedVerifications::Ticket ticket)
      : shared_(shared), session_(session), ticket_(ticket) {}
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  // They read in the store what has become of the session.
  ~Asking() { shared_.finish(session_, ticket_, 0, SharedVerifications::Worth::ForTheWaiting); }

 private:
  SharedVerifications& shared_;
  const core::Hash256 session_;
  const SharedVerifications::Ticket ticket_;
};

}  // namespace

const char* unknown_authentication_behind_ours() {
  // mod_ssl's is for SSLOptions +FakeBasicAuth, which configtest refuses.
  constexpr std::string_view kKnown[] = {"mod_auth_basic.c", "mod_auth_digest.c", "mod_auth_form.c",
                                         "mod_authn_core.c", "mod_ssl.c"};
  for (const ap_LINK_check_user_id_t& hook : hooks_behind_ours()) {
    const char* name = hook.szName == nullptr ? "an unnamed module" : hook.szName;
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) return name;
  }
  return nullptr;
}

int admit_without_provider(request_rec* r, const Decided& decided) {
  admit_as(r, decided.examined.session->session->identity);
  return OK;
}

std::optional<int> ask_provider_again(request_rec* r, Decided& decided, Child& child) {
  SharedVerifications& shared = *process_of(r->server).verifications;
  const core::Hash256 session = decided.examined.session->key.value;
  const Earlier earlier = shared.join(session);
  if (earlier.known != Known::Nothing) return std::nullopt;
  const Asking asking(shared, session, earlier.ticket);
  return ask(r, decided, child);
}

}  // namespace epoch::httpd
