// decide(): the decision table of docs/design.md as one pure, total function.
#pragma once

#include <string_view>

#include "core/request_traits.h"

namespace epoch::core {

// What the request's cookie of this zone turned out to be.
enum class CookieState {
  Absent,
  Malformed,  // not a value of ours, a bad MAC, or two good ones
  Live,       // a live session
  Dead,       // a session that has ended, or that the store does not know
  Challenge,  // a challenge with a good MAC
};

// Everything the decision depends on, found out beforehand (service.cpp) and put in its terms.
struct Situation {
  bool store_answers = true;
  CookieState cookie = CookieState::Absent;
  bool credentials = false;  // the request carries Basic credentials

  bool proof_equal = false;  // Live: the credentials are those the session was opened with
  bool successor_lives =
      false;                   // Dead, Challenge: the successor for exactly these credentials lives
  bool login_too_old = false;  // the session that would be admitted: AuthEpochFreshLogin is over

  bool armed = false;           // Challenge
  bool expired = false;         // Challenge: older than its 24 hours
  bool elsewhere = false;       // Live, Challenge: opened or issued for another origin or realm
  bool lineage_closed = false;  // Challenge: a logout or a successor's end closed it
  bool past_half_life = false;  // Challenge
  bool after_session = false;   // Challenge: this browser has been signed in before
  // Dead, Challenge: a login or a logout has come since this cookie was sent, so that the browser
  // may hold other credentials by now than this request carries.
  bool overtaken = false;

  RequestTraits request;

  bool stateless = false;           // AuthEpochStateless holds for this request
  bool cross_site_allowed = false;  // AuthEpochCrossSite allow
  bool same_site_none = false;      // AuthEpochCookieSameSite None
};

enum class Action {
  Unavailable,     // 503 with Retry-After
  Pass,            // decline without credentials: mod_auth_basic asks, the browser knows the answer
  Admit,           // the provider verifies as always
  AdmitSuccessor,  // the same, as the session that these credentials opened meanwhile
  Login,           // the provider verifies; if it says yes, fixups open the session
  Stateless,       // the provider verifies; no session, no cookie
  AskBasic,        // 401 Basic: the browser prompts
  RefuseAndArm,    // 401 Basic to credentials that may be stale: the browser drops them and prompts
                   // (armed, unless the request was overtaken)
  AskEpoch,        // 401 with the scheme Epoch: no dialog
  SignInPage,      // 401 with the scheme Epoch and a page that forgets, reloads and so prompts once
  Forbid,          // 403, or 429: raises no dialog and leaves the browser's credentials alone
};

enum class SendCookie {
  Nothing,  // what the browser has stays
  Session,  // the successor's, again
  ArmedChallenge,
  UnarmedChallenge,
};

enum class Reason {
  None,
  StoreUnavailable,
  NoCredentials,
  NewClient,
  SessionEnded,
  ChallengeUnarmed,
  ChallengeExpired,
  ChallengeElsewhere,
  LineageClosed,
  Conflict,
  BadCookie,
  NoCookie,
  FreshLogin,
  SwitchOfUser,
  CrossSite,
  Script,
  Speculative,
  Forget,
  DirectoryUnavailable,  // never decide()'s: AuthEpochRevalidate could not be carried out
  SessionLimit,          // likewise: a login that AuthEpochMaxSessions denies
  FailedLogins,          // likewise: a login that AuthEpochFailedLogins makes wait
};

struct Verdict {
  Action action = Action::Unavailable;
  SendCookie cookie = SendCookie::Nothing;
  Reason reason = Reason::None;
  int row = 0;  // of the table; 0 where a rule that stands above the table decided

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// Never fails: every situation, also a contradictory one, has a verdict, and only Admit,
// AdmitSuccessor, Login and Stateless let a request on to the provider with its credentials.
Verdict decide(const Situation& situation) noexcept;

// For a login that the provider verified, but that conflicts with what happened meanwhile (a
// logout, an epoch that grew): treated as row 6, because the credentials may be older than the
// event.
Verdict decide_conflict(const RequestTraits& request, bool overtaken) noexcept;

// In the words of AUTH_EPOCH_REASON and the log: "session-ended", "cross-site", ... A literal, so a
// NUL stands behind it.
std::string_view to_string(Reason reason) noexcept;

// In the words of AUTH_EPOCH_EVENT: "login", "admit", "challenge", "refuse", "forbid", ...
// Likewise.
std::string_view to_string(Action action) noexcept;

}  // namespace epoch::core
