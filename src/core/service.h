// The use cases: examine a request, open a session, log out, say how long the session still lasts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cookie_reader.h"
#include "core/decision.h"
#include "core/keys.h"
#include "core/last_seen.h"
#include "core/ports.h"
#include "core/recent_admissions.h"
#include "core/session.h"

namespace epoch::core {

// What the location asks for.
struct Policy {
  Limits limits;
  std::optional<Seconds> fresh_login = {};  // AuthEpochFreshLogin
  bool stateless = false;                   // AuthEpochStateless, evaluated for this request
  bool cross_site_allowed = false;          // AuthEpochCrossSite allow
  bool same_site_none = false;              // AuthEpochCookieSameSite None
  bool report = false;                      // AuthEpoch Report
  std::optional<Seconds> stale = {};        // AuthEpochOnStoreError stale <time>
  Verifier verifier = {};                   // who checks passwords here
  std::optional<Seconds> revalidate = {};   // AuthEpochRevalidate
  bool verifier_is_known = false;           // false: it may be more than the fingerprint says
  std::optional<SessionLimit> session_limit = {};  // AuthEpochMaxSessions

  friend bool operator==(const Policy&, const Policy&) = default;
};

// A login on its way through the provider. Holds the id of the session to be, so it lives no longer
// than the request.
struct PendingLogin {
  SessionId id;
  Hash256 proof;
  Lineage follows;
  std::uint32_t signing_key;
  StoreMoment seen;
  SpaceTag space;   // where the credentials came from
  bool unprompted;  // AuthEpoch Report: nobody was asked, or the directory was not
};

// Whether the provider is asked about a request that a live session admits.
enum class ProviderCheck {
  AsAlways,   // it sees the request, as without us
  NotNeeded,  // it has said yes within AuthEpochRevalidate: the session knows what it said
  Due,        // that was longer ago: it must be asked now, and not answer from a cache
};

struct Examined {
  Verdict verdict{};
  ProviderCheck provider = ProviderCheck::AsAlways;
  std::optional<NamedSession> session;  // the live one of this request, whatever the verdict
  std::optional<PendingLogin> login;    // with Login; in Report mode also with RefuseAndArm
  // Lineage roots, as secret as the cookie: that session's, and the one that the cookie names,
  // which is another's where the session is younger than the cookie.
  std::optional<Hash256> session_root;
  std::optional<Hash256> cookie_root;
  std::string cookie_value;              // to be set; empty: none
  std::string store_error;               // with Unavailable: for the log
  std::vector<NamedSession> found_over;  // sessions that were overdue, and ended here
};

// Who logged in, as the provider left it.
struct LoginFacts {
  Identity identity;
  std::string zone;
  Verifier verifier;
  std::string address;
  std::string user_agent;
};

struct OpenedSession {
  OpenOutcome outcome;
  NamedSession session;
  Hash256 root;  // its lineage root
  std::string cookie_value;
  std::vector<NamedSession> ended;  // see Opened
};

enum class LogoutScope { ThisBrowser, OtherBrowsers, AllBrowsers };

struct LogoutRequest {
  LogoutScope scope = LogoutScope::ThisBrowser;
  // AuthEpochLogoutResponse challenge: the cookie carries the logout mark, and is armed if the
  // request carried credentials, because the answer makes the browser drop them.
  bool answered_by_challenge = false;
};

struct LoggedOut {
  // The answer to our own challenge came back to the logout URL: nothing was ended.
  bool is_answer = false;
  // OtherBrowsers and AllBrowsers need a live session, or the password of the one that ended; where
  // there is neither, only this browser is logged out.
  bool scope_granted = true;
  std::vector<RecordKey> ended;
  std::optional<NamedSession> session;   // whose logout it was, where that is known
  std::string cookie_value;              // to be set; empty: the session stays (OtherBrowsers)
  std::vector<NamedSession> found_over;  // had ended by themselves before
  bool swept = false;  // all the user's sessions in the zone, or all but this one, have ended
};

enum class SessionState {
  None,   // no session: no cookie of ours, a challenge, or one that is worth nothing here
  Live,   //
  Ended,  // the cookie is that of a session which is over
};

// What the cookie alone may learn of its session: not whose it is.
struct SessionStatus {
  SessionState state = SessionState::None;
  std::optional<EndReason> reason;       // Ended; nullopt where the store has forgotten it
  Seconds idle_left{};                   // Live: until it ends unless a request comes, ...
  Seconds age_left{};                    // ... and whatever comes
  std::string person;                    // Live: the same word for the same person; see status()
  std::vector<NamedSession> found_over;  // sessions that were overdue, and ended here
};

// One per process. Every method may be called from any thread; the referenced objects outlive it.
class Service {
 public:
  // Without a memo, proofs are made anew for each request.
  Service(SessionStore& store, const KeyRing& keys, Entropy& entropy, ProofMemo* memo = nullptr);

  // Reads the cookie, looks everything up, decides. Writes only the end of a session that is found
  // to be overdue, so that a clock stepping back revives nothing.
  Examined examine(const Presented& presented, const Policy& policy, TimePoint now);

  // After the provider's and the authorization's yes. Conflict: answer with refuse_conflict();
  // TooMany: with a 403 that leaves everything as it is, as the same credentials may be let on as
  // soon as another session has ended. Report denies nothing.
  Result<OpenedSession> open(const PendingLogin& login, const LoginFacts& facts,
                             const Policy& policy, TimePoint now);

  // The provider was asked at `asked` about a session whose check was due, and said yes. Afterwards
  // the session is what the provider says it is; anything but Noted refuses.
  Result<VerifyOutcome> note_verified(NamedSession& session, const Identity& identity,
                                      TimePoint asked);

  // Ends one session: durably when it returns; false where it had ended before.
  Result<bool> end(const NamedSession& session, EndReason reason, TimePoint now);

  // What open() found in conflict is refused like stale credentials.
  Result<Examined> refuse_conflict(const PendingLogin& login, const Presented& presented,
                                   const Limits& limits, TimePoint now);

  // Everything that it ends is ended durably when it returns.
  Result<LoggedOut> logout(const Presented& presented, const LogoutRequest& what,
                           const Limits& limits, TimePoint now);

  // The same for a request that has been admitted as the session with this lineage root, whatever
  // its cookie says: the request itself may have opened the session. Of what it presents, zone,
  // origin and realm count.
  Result<LoggedOut> logout(const NamedSession& session, const Hash256& root, LogoutScope scope,
                           const Presented& presented, TimePoint now);

  // For a page that wants to know whether its session goes on. Credentials count for nothing, and
  // asking does not keep the session alive: like examine() it writes only the end of one that is
  // overdue. `person` is an HMAC that nobody but the store can make: it tells a page whether
  // somebody else has signed in since, and does not say who.
  Result<SessionStatus> status(const Presented& presented, const Policy& policy, TimePoint now);

  // Writes the last-seen times gathered since the last call. For a timer.
  Result<std::size_t> flush_last_seen();

 private:
  Result<Done> examine_with_store(const Presented& presented, const Policy& policy, TimePoint now,
                                  Examined& examined);
  Examined examine_without_store(const Presented& presented, const Policy& policy, TimePoint now);
  std::optional<Examined> admit_stale(const Presented& presented, const Policy& policy,
                                      TimePoint now);
  Result<PendingLogin> prepare_login(const CookieReading& cookie, const Presented& presented,
                                     bool trusted, bool report);
  Result<std::optional<NamedSession>> find_owner(const CookieReading& cookie,
                                                 const Presented& presented, const Limits& limits,
                                                 TimePoint now);
  Result<Done> sweep_others(LoggedOut& done, TimePoint now);
  Result<std::optional<Lineage>> close(const Hash256& root, const std::optional<Sweep>& sweep,
                                       LoggedOut& done, TimePoint now);
  Result<bool> is_overtaken(const CookieReading& cookie, const Presented& presented,
                            const Limits& limits, TimePoint now);
  Result<Lineage> lineage_after(const std::optional<Lineage>& lineage);
  Result<std::string> make_challenge(const std::optional<Lineage>& after, bool armed, bool logout,
                                     const Presented& presented, TimePoint now);
  Result<std::string> value_of(const Challenge& challenge, const Presented& presented);
  Result<std::string> person_word(const Session& session);
  void note_admission(const NamedSession& session, const Policy& policy, TimePoint now);

  SessionStore& store_;
  const KeyRing& keys_;
  Entropy& entropy_;
  CookieReader cookies_;
  LastSeen last_seen_;
  RecentAdmissions recent_;
};

}  // namespace epoch::core
