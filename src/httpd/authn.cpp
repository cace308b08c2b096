// check_authn: the request's first stop. Reads cookie and credentials, has the core decide, and
// carries the verdict out: on to mod_auth_basic and its providers, or an answer of our own.
#include <httpd.h>

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include <atomic>

#include "core/origin.h"
#include "core/text.h"
#include "httpd/answers.h"
#include "httpd/boundary.h"
#include "httpd/exchange.h"
#include "httpd/happenings.h"
#include "httpd/process.h"
#include "httpd/provider.h"
#include "httpd/slowing.h"
#include "httpd/strip.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::Action;

// A request is decided anew where a session ends under it: its own, and what succeeded it.
constexpr int kMostDecisions = 4;

bool lets_on(Action action) noexcept {
  return action == Action::Pass || action == Action::Admit || action == Action::AdmitSuccessor ||
         action == Action::Login || action == Action::Stateless;
}

// What configtest cannot see, as it may stand in an .htaccess file.
std::optional<int> misconfigured(request_rec* r) {
  const char* type = ap_auth_type(r);
  if (type == nullptr || core::equals_ignoring_case(type, "None")) return DECLINED;
  if (!core::equals_ignoring_case(type, "Basic")) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AuthEpoch works with AuthType Basic only, but AuthType %s is in force for %s; "
                  "set AuthEpoch Off there",
                  type, r->uri);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  return std::nullopt;
}

bool lacks_realm(request_rec* r, const Space& space) {
  if (!space.realm.empty() || ap_auth_name(r) != nullptr) return false;
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AuthEpoch is On for %s without an AuthName", r->uri);
  return true;
}

bool is_loopback(std::string_view address) noexcept {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

void warn_of_plain_http(request_rec* r, const Presentation& presentation) {
  if (!presentation.has_credentials() || core::is_https(presentation.space()->origin)) return;
  if (is_loopback(r->useragent_ip)) return;
  const ServerConfig& server = server_config_of(r->server);
  unsigned char& warned = process_of(r->server).warned_of_plain_http[server.number];
  if (std::atomic_ref(warned).exchange(1) != 0) return;
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                "a password came over plain http from %s: anybody on the way can read it. Serve "
                "this virtual host over https; if a proxy in front of it does, say so with "
                "AuthEpochOrigin. (This is said once for %s.)",
                r->useragent_ip, server.identity.c_str());
}

bool same_authentication(const Decided& earlier, const Presentation& presentation,
                         const core::Policy& policy) {
  return earlier.space->zone == presentation.space()->zone && earlier.policy == policy;
}

// A sub-request or internal redirect to where the same holds: what was decided holds too. Unless it
// was not needed before, the provider is asked again, as without us; a refusal stays one.
int repeat(request_rec* r, const Decided& earlier) {
  set_environment(r, earlier);
  if (earlier.answer == OK) return admit_without_provider(r, earlier);
  return earlier.answer == DONE ? HTTP_UNAUTHORIZED : earlier.answer;
}

void log_decision(request_rec* r, const Decided& decided, bool lets_on) {
  const int level = lets_on ? APLOG_DEBUG : APLOG_INFO;
  if (!APLOG_R_IS_LEVEL(r, level)) return;
  const core::Verdict& verdict = decided.examined.verdict;
  const auto& session = decided.examined.session;
  ap_log_rerror(APLOG_MARK, level, 0, r, "%s%s (%s, row %d) %s%s",
                decided.policy.report && !lets_on ? "Report: would " : "",
                std::string(core::to_string(verdict.action)).c_str(),
                std::string(core::to_string(verdict.reason)).c_str(), verdict.row,
                session ? "session " : "no session",
                session ? core::short_id(session->key).c_str() : "");
}

// Decides and carries the verdict out. Answers nullopt where meanwhile the session has ended that
// the decision was about.
std::optional<int> decide_and_answer(request_rec* r, Decided& decided,
                                     const Presentation& presentation, Child& child) {
  core::Examined& examined = decided.examined;
  examined = child.service().examine(presentation.presented(), decided.policy, time_of(r));
  slow_down(r, decided, presentation);
  set_environment(r, decided);
  child.note_store_answer(r, StoreUse::Reading, examined.store_error);
  note_over(r, examined.found_over);
  const bool on = lets_on(examined.verdict.action);
  log_decision(r, decided, on);
  if (decided.policy.report) return DECLINED;
  if (!on) {
    note_refusal(r, decided, presentation);
    return refuse(r, decided);
  }
  if (examined.verdict.action == Action::Login) decided.must_ask = examined.login->id.value;
  switch (examined.provider) {
    case core::ProviderCheck::AsAlways:
      break;
    case core::ProviderCheck::NotNeeded:
      return admit_without_provider(r, decided);
    case core::ProviderCheck::Due:
      // A sub-request has the main request's variables in its environment: they must not become
      // this session's.
      if (r->main != nullptr) break;
      return ask_provider_again(r, decided, child);
  }
  return DECLINED;
}

int check(request_rec* r) {
  const DirConfig& config = dir_config_of(r);
  if (mode_of(config) == Mode::Off || r->proxyreq == PROXYREQ_PROXY) return DECLINED;
  if (const std::optional<int> answer = misconfigured(r)) return *answer;

  restore_stripped(r);
  const Presentation presentation(r);
  if (lacks_realm(r, *presentation.space())) return HTTP_INTERNAL_SERVER_ERROR;
  warn_of_plain_http(r, presentation);
  core::Policy policy = policy_for(r, config);
  const Decided* earlier = earlier_decision(r);
  if (earlier != nullptr && same_authentication(*earlier, presentation, policy)) {
    return repeat(r, *earlier);
  }
  Child* child = process_of(r->server).child;
  if (child == nullptr) return unavailable(r);

  auto* decided = make_in_pool<Decided>(r->pool);
  decided->space = presentation.space();
  decided->traits = presentation.traits();
  decided->policy = policy;
  remember(r).decided = decided;
  std::optional<int> answer;
  for (int time = 0; time < kMostDecisions && !answer; ++time) {
    answer = decide_and_answer(r, *decided, presentation, *child);
  }
  decided->answer = answer ? *answer : unavailable(r);
  if (decided->answer == OK || decided->answer == DECLINED) {
    note_admission(r, decided->examined.verdict.action);
  }
  return decided->answer;
}

}  // namespace
}  // namespace epoch::httpd

int epoch_check_authn(request_rec* r) {
  return epoch::httpd::guarded(r, HTTP_SERVICE_UNAVAILABLE, [r] { return epoch::httpd::check(r); });
}
