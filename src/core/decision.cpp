#include "core/decision.h"

namespace epoch::core {
namespace {

using enum Action;

constexpr Verdict kNotASpeculationsBusiness{Forbid, SendCookie::Nothing, Reason::Speculative, 0};

Verdict keep(Action action, Reason reason, int row) noexcept {
  return {action, SendCookie::Nothing, reason, row};
}

// The request that our pages send to make the browser forget. Only what carried credentials proves
// that the browser has now dropped them; a live session is left alone, so that nobody is logged
// out.
Verdict forget(const Situation& s) noexcept {
  const bool arm = s.credentials && s.cookie != CookieState::Live && !s.overtaken;
  return {AskBasic, arm ? SendCookie::ArmedChallenge : SendCookie::Nothing, Reason::Forget, 0};
}

// Credentials that may be stale. Refusing them is what makes the browser drop them, so the refusal
// may arm. A script's may not: it may have set the header itself, while the browser still keeps
// credentials of its own. Nor may the refusal of what was sent before the browser's present
// credentials were typed: it drops none of those.
Verdict refuse_and_arm(const Situation& s, Reason reason, int row) noexcept {
  if (s.request.script) return {Forbid, SendCookie::Nothing, Reason::Script, row};
  const SendCookie cookie = s.overtaken ? SendCookie::UnarmedChallenge : SendCookie::ArmedChallenge;
  return {RefuseAndArm, cookie, reason, row};
}

// No credentials, and what the browser holds may be stale (rows 7, 9 and 14). A page that makes the
// browser forget first costs one prompt; asking at once would cost two. Only where the browser runs
// scripts for certain, and not for a form's POST, whose content the reload would lose.
Verdict ask_where_credentials_may_be_stale(const Situation& s, SendCookie cookie, Reason reason,
                                           int row) noexcept {
  const RequestTraits& request = s.request;
  if (request.navigation && request.sends_metadata && request.get) {
    return {SignInPage, cookie, reason, row};
  }
  return {AskBasic, cookie, reason, row};
}

// A login older than AuthEpochFreshLogin allows. A page that a person opens asks again; whatever a
// page loads by itself must not.
Verdict ask_for_fresh_login(const Situation& s, int row) noexcept {
  const bool by_a_person = !s.request.script && (s.request.navigation || !s.request.sends_metadata);
  if (!by_a_person) return keep(Forbid, Reason::FreshLogin, row);
  if (!s.credentials) return keep(Pass, Reason::NoCredentials, row);
  return {RefuseAndArm, SendCookie::ArmedChallenge, Reason::FreshLogin, row};
}

Verdict with_live_session(const Situation& s) noexcept {
  if (!s.credentials) {
    return s.login_too_old ? ask_for_fresh_login(s, 2) : keep(Pass, Reason::NoCredentials, 2);
  }
  if (s.proof_equal) {
    return s.login_too_old ? ask_for_fresh_login(s, 3) : keep(Admit, Reason::None, 3);
  }
  if (s.request.cross_site) return keep(Forbid, Reason::CrossSite, 4);
  // The session says nothing of what the browser keeps for this origin and realm.
  if (s.elsewhere) return refuse_and_arm(s, Reason::ChallengeElsewhere, 4);
  return keep(Login, Reason::SwitchOfUser, 4);
}

// Row 5: requests that were built before the person answered carry the old cookie and the new
// credentials.
Verdict as_successor(const Situation& s) noexcept {
  if (s.login_too_old) return ask_for_fresh_login(s, 5);
  return {AdmitSuccessor, SendCookie::Session, Reason::None, 5};
}

Verdict with_dead_session(const Situation& s) noexcept {
  if (s.credentials) {
    return s.successor_lives ? as_successor(s) : refuse_and_arm(s, Reason::SessionEnded, 6);
  }
  if (s.request.script) return keep(AskEpoch, Reason::SessionEnded, 7);
  return ask_where_credentials_may_be_stale(s, SendCookie::Nothing, Reason::SessionEnded, 7);
}

// What keeps an armed challenge from being trusted; None if nothing does.
Reason distrust(const Situation& s) noexcept {
  if (s.elsewhere) return Reason::ChallengeElsewhere;
  if (s.expired) return Reason::ChallengeExpired;
  if (s.lineage_closed) return Reason::LineageClosed;
  return Reason::None;
}

Verdict with_challenge_and_credentials(const Situation& s) noexcept {
  if (s.successor_lives) return as_successor(s);
  if (!s.armed) return refuse_and_arm(s, Reason::ChallengeUnarmed, 8);
  const Reason why_not = distrust(s);
  if (why_not != Reason::None) return refuse_and_arm(s, why_not, 12);
  // Nobody has answered a prompt for it: with a cookie, a script that brings no credentials is not
  // asked with Basic. It has kept the password from before the logout.
  if (s.request.script && s.after_session) return keep(Forbid, Reason::Script, 10);
  return keep(Login, Reason::None, 10);
}

Verdict with_challenge_alone(const Situation& s) noexcept {
  const bool trusted = s.armed && distrust(s) == Reason::None;
  const int row = s.armed ? 11 : 9;
  if (s.request.script) return keep(AskEpoch, Reason::NoCredentials, row);
  if (!trusted) {
    return ask_where_credentials_may_be_stale(s, SendCookie::Nothing, Reason::NoCredentials, row);
  }
  if (s.past_half_life && s.request.navigation) {
    return {AskBasic, SendCookie::ArmedChallenge, Reason::NoCredentials, row};
  }
  return keep(AskBasic, Reason::NoCredentials, row);
}

// Somebody clicked; what a page embeds, frames included, loads by itself.
bool is_followed_link(const RequestTraits& request) noexcept {
  return request.get && request.navigation && !request.framed;
}

// Without a cookie and without credentials the client is new: what it sends next is a person's.
Verdict as_new_client(const Situation& s) noexcept {
  if (s.request.cross_site && !s.request.get) return keep(Forbid, Reason::CrossSite, 13);
  if (s.request.cross_site && !is_followed_link(s.request)) {
    return keep(AskBasic, Reason::NewClient, 13);
  }
  return {AskBasic, SendCookie::ArmedChallenge, Reason::NewClient, 13};
}

// Another site makes this browser send its credentials; a link that is followed is no harm.
bool is_forged(const Situation& s) noexcept {
  return s.credentials && s.request.cross_site && !is_followed_link(s.request) &&
         !s.cross_site_allowed;
}

Verdict without_good_cookie(const Situation& s) noexcept {
  const bool absent = s.cookie == CookieState::Absent;
  if (!s.credentials) {
    return absent ? as_new_client(s)
                  : ask_where_credentials_may_be_stale(s, SendCookie::UnarmedChallenge,
                                                       Reason::BadCookie, 14);
  }
  // A 401 here would let the other site log people out of this one.
  if (is_forged(s)) return keep(Forbid, Reason::CrossSite, 15);
  if (s.stateless) return keep(Stateless, Reason::None, 16);
  return refuse_and_arm(s, absent ? Reason::NoCookie : Reason::BadCookie, 17);
}

Verdict by_the_table(const Situation& s) noexcept {
  switch (s.cookie) {
    case CookieState::Live:
      return with_live_session(s);
    case CookieState::Dead:
      return with_dead_session(s);
    case CookieState::Challenge:
      return s.credentials ? with_challenge_and_credentials(s) : with_challenge_alone(s);
    case CookieState::Absent:
    case CookieState::Malformed:
      break;
  }
  return without_good_cookie(s);
}

bool admits_at_once(Action action) noexcept {
  return action == Admit || action == AdmitSuccessor || action == Stateless;
}

}  // namespace

Verdict decide(const Situation& s) noexcept {
  if (!s.store_answers) return keep(Unavailable, Reason::StoreUnavailable, 1);
  if (s.request.forget) return forget(s);
  // A cookie that other sites' requests carry proves nothing about who started them.
  if (s.same_site_none && is_forged(s)) return keep(Forbid, Reason::CrossSite, 15);
  const Verdict verdict = by_the_table(s);
  // Nobody looks at a prefetched or prerendered page yet: it must not prompt, open or end anything.
  if (s.request.speculative && !admits_at_once(verdict.action)) return kNotASpeculationsBusiness;
  return verdict;
}

Verdict decide_conflict(const RequestTraits& request, bool overtaken) noexcept {
  Situation situation;
  situation.request = request;
  situation.overtaken = overtaken;
  return refuse_and_arm(situation, Reason::Conflict, 6);
}

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::None:
      return "none";
    case Reason::StoreUnavailable:
      return "store-unavailable";
    case Reason::NoCredentials:
      return "no-credentials";
    case Reason::NewClient:
      return "new-client";
    case Reason::SessionEnded:
      return "session-ended";
    case Reason::ChallengeUnarmed:
      return "challenge-unarmed";
    case Reason::ChallengeExpired:
      return "challenge-expired";
    case Reason::ChallengeElsewhere:
      return "challenge-elsewhere";
    case Reason::LineageClosed:
      return "lineage-closed";
    case Reason::Conflict:
      return "conflict";
    case Reason::BadCookie:
      return "bad-cookie";
    case Reason::NoCookie:
      return "no-cookie";
    case Reason::FreshLogin:
      return "fresh-login";
    case Reason::SwitchOfUser:
      return "switch-of-user";
    case Reason::CrossSite:
      return "cross-site";
    case Reason::Script:
      return "script";
    case Reason::Speculative:
      return "speculative";
    case Reason::Forget:
      return "forget";
    case Reason::DirectoryUnavailable:
      return "directory-unavailable";
    case Reason::SessionLimit:
      return "session-limit";
    case Reason::FailedLogins:
      return "failed-logins";
  }
  return "unknown";
}

std::string_view to_string(Action action) noexcept {
  switch (action) {
    case Unavailable:
      return "unavailable";
    case Pass:
    case AskBasic:
    case AskEpoch:
    case SignInPage:
      return "challenge";
    case Admit:
    case AdmitSuccessor:
      return "admit";
    case Login:
      return "login";
    case Stateless:
      return "stateless";
    case RefuseAndArm:
      return "refuse";
    case Forbid:
      return "forbid";
  }
  return "unknown";
}

}  // namespace epoch::core
