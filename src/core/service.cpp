#include "core/service.h"

#include <algorithm>
#include <utility>

namespace epoch::core {
namespace {

// A clock that was set back must not make what was just now last longer, so that the far future
// counts as too long ago.
bool is_longer_ago(TimePoint then, Seconds limit, TimePoint now) noexcept {
  return std::chrono::abs(now - then) >= limit;
}

bool is_login_too_old(const Session& session, const Policy& policy, TimePoint now) noexcept {
  return policy.fresh_login && is_longer_ago(session.authenticated, *policy.fresh_login, now);
}

// A session that Report opened is as good as none where a person must have been asked.
bool counts(const Session& session, const Policy& policy) noexcept {
  return policy.report || !session.unprompted;
}

// What cookie, request and location say before any session is considered.
Situation situation_of(const CookieReading& cookie, const Presented& presented,
                       const Policy& policy, TimePoint now) {
  Situation situation;
  situation.cookie = cookie.state;
  situation.credentials = presented.credentials != nullptr;
  situation.request = presented.request;
  situation.stateless = policy.stateless;
  situation.cross_site_allowed = policy.cross_site_allowed;
  situation.same_site_none = policy.same_site_none;
  situation.lineage_closed = cookie.lineage_closed;
  situation.after_session = cookie.challenge && cookie.record;
  if (cookie.challenge) {
    const Challenge& challenge = cookie.challenge->challenge;
    situation.armed = challenge.armed;
    situation.expired = is_expired(challenge, now);
    situation.past_half_life = is_past_half_life(challenge, now);
    situation.elsewhere = !cookie.challenge->here;
  }
  return situation;
}

// The session or lineage that the cookie names is not the newest, or has been logged out with other
// credentials than these.
bool has_moved_on(const CookieReading& cookie) {
  const Succession& succession = cookie.record->succession;
  if (succession.successor || cookie.lineage_closed) return true;
  const bool may_be_logged_out = cookie.state == CookieState::Live || succession.generation > 0;
  return may_be_logged_out && cookie.is_session && cookie.record->session &&
         !cookie.proof_matches();
}

// Only the same verifier's yes is worth anything here.
ProviderCheck provider_check(const Session& session, const Policy& policy, TimePoint now) noexcept {
  if (!policy.revalidate || policy.report || session.verifier != policy.verifier) {
    return ProviderCheck::AsAlways;
  }
  if (is_longer_ago(session.verified, *policy.revalidate, now)) return ProviderCheck::Due;
  return policy.verifier_is_known ? ProviderCheck::NotNeeded : ProviderCheck::AsAlways;
}

}  // namespace

Service::Service(SessionStore& store, const KeyRing& keys, Entropy& entropy, ProofMemo* memo)
    : store_(store), keys_(keys), entropy_(entropy), cookies_(store, keys, memo) {}

Examined Service::examine(const Presented& presented, const Policy& policy, TimePoint now) {
  Examined examined;
  if (const Result<Done> done = examine_with_store(presented, policy, now, examined); !done) {
    examined = examine_without_store(presented, policy, now);
    examined.store_error = done.error().detail;
  }
  return examined;
}

Result<Done> Service::examine_with_store(const Presented& presented, const Policy& policy,
                                         TimePoint now, Examined& examined) {
  Result<CookieReading> read = cookies_.read(presented, policy.limits, now);
  if (!read) return read.error();
  const CookieReading& cookie = *read;
  if (cookie.state == CookieState::Live && !counts(*cookie.record->session, policy)) {
    read->state = CookieState::Dead;
  }
  if (policy.stale && cookie.state == CookieState::Dead) {
    recent_.forget(cookie.key);
  }
  Situation situation = situation_of(cookie, presented, policy, now);

  examined.found_over = std::move(read->found_over);
  if (cookie.lineage) examined.cookie_root = cookie.lineage->root;
  std::optional<SessionId> heir_id;
  if (cookie.state == CookieState::Live) {
    examined.session = cookie.session();
    examined.session_root = cookie.lineage->root;
    situation.elsewhere = examined.session->session->space != presented.space;
    situation.proof_equal = cookie.proof_matches();
  } else if (presented.credentials != nullptr) {
    Result<std::optional<Heir>> heir = cookies_.find_heir(cookie, presented, policy.limits, now);
    if (!heir) return heir.error();
    if (*heir && counts(*(*heir)->session.session, policy)) {
      situation.successor_lives = true;
      heir_id = (*heir)->id;
      examined.session = (*heir)->session;
      examined.session_root = lineage_root_of(*heir_id);
    }
  }
  if (cookie.state != CookieState::Live && !situation.successor_lives) {
    const Result<bool> overtaken = is_overtaken(cookie, presented, policy.limits, now);
    if (!overtaken) return overtaken.error();
    situation.overtaken = *overtaken;
  }
  situation.login_too_old =
      examined.session && is_login_too_old(*examined.session->session, policy, now);
  examined.verdict = decide(situation);

  if (examined.verdict.cookie == SendCookie::Session) {
    examined.cookie_value = session_value(*heir_id);
  } else if (examined.verdict.cookie != SendCookie::Nothing) {
    const bool armed = examined.verdict.cookie == SendCookie::ArmedChallenge;
    Result<std::string> value =
        make_challenge(cookie.lineage, armed, /*logout=*/false, presented, now);
    if (!value) return value.error();
    examined.cookie_value = *std::move(value);
  }
  const Action action = examined.verdict.action;
  if (action == Action::Admit || action == Action::AdmitSuccessor) {
    note_admission(*examined.session, policy, now);
    examined.provider = provider_check(*examined.session->session, policy, now);
  }
  if (action == Action::Login || (policy.report && action == Action::RefuseAndArm)) {
    Result<PendingLogin> login =
        prepare_login(cookie, presented, action == Action::Login, policy.report);
    if (!login) return login.error();
    examined.login = *login;
  }
  return Done{};
}

// A trusted login follows the lineage of what it came with, under the key that signed the
// challenge, so that ten requests with one answer make one session. In Report mode a refused one
// follows what its refusal would have said.
Result<PendingLogin> Service::prepare_login(const CookieReading& cookie, const Presented& presented,
                                            bool trusted, bool report) {
  const SigningKey* key = &keys_.newest();
  Lineage follows;
  if (trusted) {
    follows = *cookie.lineage;
    if (cookie.challenge) key = cookie.challenge->key;
  } else {
    Result<Lineage> after = lineage_after(cookie.lineage);
    if (!after) return after.error();
    follows = *after;
  }
  const SessionId id = key->session_id(follows, presented.zone, *presented.credentials);
  return PendingLogin{.id = id,
                      .proof = proof_of(id, *presented.credentials),
                      .follows = follows,
                      .signing_key = key->id(),
                      .seen = cookie.moment,
                      .space = presented.space,
                      .unprompted = !trusted || report};
}

Examined Service::examine_without_store(const Presented& presented, const Policy& policy,
                                        TimePoint now) {
  if (std::optional<Examined> stale = admit_stale(presented, policy, now)) {
    return *std::move(stale);
  }
  Situation situation;
  situation.store_answers = false;
  Examined unavailable;
  unavailable.verdict = decide(situation);
  return unavailable;
}

// AuthEpochOnStoreError stale: only for what this process itself saw live a moment ago, with the
// same proof.
std::optional<Examined> Service::admit_stale(const Presented& presented, const Policy& policy,
                                             TimePoint now) {
  const NamedCookies cookies = find_cookies(presented.cookie_header, presented.cookie_name);
  if (!policy.stale || presented.credentials == nullptr || cookies.count != 1) return std::nullopt;
  const std::optional<CookieContent> content = read_cookie_value(cookies.values[0]);
  if (!content || !std::holds_alternative<SessionId>(*content)) return std::nullopt;
  const auto& id = std::get<SessionId>(*content);

  const Hash256 root = lineage_root_of(id);
  const RecordKey key = record_key_of(root);
  const std::optional<RecentAdmissions::Admission> recent = recent_.find(key);
  if (!recent || is_longer_ago(recent->at, *policy.stale, now)) return std::nullopt;
  const Session& session = *recent->session;
  if (session.zone != presented.zone || !counts(session, policy) ||
      !is_live(session, /*outgrown=*/std::nullopt, policy.limits, now)) {
    return std::nullopt;
  }

  CookieReading cookie;
  cookie.state = CookieState::Live;
  Situation situation = situation_of(cookie, presented, policy, now);
  situation.proof_equal = proof_matches(id, session, *presented.credentials);
  situation.login_too_old = is_login_too_old(session, policy, now);
  Examined stale;
  stale.verdict = decide(situation);
  if (stale.verdict.action != Action::Admit) return std::nullopt;
  stale.verdict.reason = Reason::StoreUnavailable;
  stale.verdict.row = 1;
  stale.session = NamedSession{.key = key, .session = recent->session};
  stale.session_root = stale.cookie_root = root;
  return stale;
}

Result<OpenedSession> Service::open(const PendingLogin& login, const LoginFacts& facts,
                                    const Policy& policy, TimePoint now) {
  Opening opening{.key = {},
                  .root = lineage_root_of(login.id),
                  .session = {},
                  .follows = login.follows,
                  .signing_key = login.signing_key,
                  .seen = login.seen,
                  .limits = policy.limits,
                  .now = now,
                  .session_limit = policy.session_limit};
  if (policy.report && policy.session_limit && policy.session_limit->deny) {
    opening.session_limit.reset();
  }
  opening.key = record_key_of(opening.root);
  Session& session = opening.session;
  session.identity = facts.identity;
  session.zone = facts.zone;
  session.proof = login.proof;
  session.verifier = facts.verifier;
  session.created = session.authenticated = session.verified = session.last_seen = now;
  session.expires = now + policy.limits.max_age;
  session.space = login.space;
  session.unprompted = login.unprompted;
  session.address = facts.address;
  session.user_agent = facts.user_agent;

  Result<Opened> opened = store_.open(opening);
  if (!opened) return opened.error();
  return OpenedSession{.outcome = opened->outcome,
                       .session = {.key = opening.key, .session = std::move(opened->session)},
                       .root = opening.root,
                       .cookie_value = session_value(login.id),
                       .ended = std::move(opened->ended)};
}

Result<VerifyOutcome> Service::note_verified(NamedSession& session, const Identity& identity,
                                             TimePoint asked) {
  Result<VerifyOutcome> noted =
      store_.note_verified({.key = session.key, .identity = identity, .at = asked});
  if (!noted || *noted != VerifyOutcome::Noted) return noted;
  session.session = session.session.changed([&](Session& verified) {
    verified.identity = identity;
    verified.verified = std::max(verified.verified, asked);
  });
  return noted;
}

Result<Examined> Service::refuse_conflict(const PendingLogin& login, const Presented& presented,
                                          const Limits& limits, TimePoint now) {
  Result<CookieReading> cookie = cookies_.read(presented, limits, now);
  if (!cookie) return cookie.error();
  const Result<bool> overtaken = is_overtaken(*cookie, presented, limits, now);
  if (!overtaken) return overtaken.error();
  Examined examined;
  examined.found_over = std::move(cookie->found_over);
  examined.verdict = decide_conflict(presented.request, *overtaken);
  if (examined.verdict.cookie == SendCookie::Nothing) return examined;
  const bool armed = examined.verdict.cookie == SendCookie::ArmedChallenge;
  Result<std::string> value =
      make_challenge(login.follows, armed, /*logout=*/false, presented, now);
  if (!value) return value.error();
  examined.cookie_value = *std::move(value);
  return examined;
}

// A refusal makes a browser drop what was refused, which is not what it holds if that was typed
// later. What lives at the end of the chain is no matter: those credentials are not stale, and the
// logout that makes them so closes the lineage which the challenge follows.
Result<bool> Service::is_overtaken(const CookieReading& cookie, const Presented& presented,
                                   const Limits& limits, TimePoint now) {
  if (presented.credentials == nullptr || !cookie.record || !has_moved_on(cookie)) return false;
  const Result<bool> lives = cookies_.lives_at_end(*cookie.lineage, limits, now);
  if (!lives) return lives.error();
  return !*lives;
}

Result<SessionStatus> Service::status(const Presented& presented, const Policy& policy,
                                      TimePoint now) {
  Result<CookieReading> cookie = cookies_.read(presented, policy.limits, now);
  if (!cookie) return cookie.error();

  SessionStatus status;
  status.found_over = std::move(cookie->found_over);
  const bool has_session = cookie->record && cookie->record->session;
  if (cookie->state == CookieState::Dead) {
    status.state = SessionState::Ended;
    if (has_session && cookie->record->session->end) {
      status.reason = cookie->record->session->end->reason;
    }
  } else if (cookie->state == CookieState::Live && counts(*cookie->record->session, policy)) {
    const NamedSession named = cookie->session();
    Session session = *named.session;
    session.last_seen = last_seen_.latest(named.key, session);
    const Deadlines deadlines = deadlines_of(session, policy.limits);
    Result<std::string> person = person_word(session);
    if (!person) return person.error();
    status.state = SessionState::Live;
    status.idle_left = deadlines.idle - now;
    status.age_left = deadlines.age - now;
    status.person = *std::move(person);
  }
  return status;
}

Result<std::string> Service::person_word(const Session& session) {
  constexpr std::size_t kBytes = 12;
  const Result<Hash256> instance = store_.instance();
  if (!instance) return instance.error();
  const std::string subject = subject_of(session.identity);
  const Hash256 hash =
      hmac_sha256(*instance, {bytes_of("person"), bytes_of(session.zone), bytes_of(subject)});
  return base64url_encode(Bytes(hash).first(kBytes));
}

Result<std::size_t> Service::flush_last_seen() { return last_seen_.flush(store_); }

// What a new challenge follows: the end of the chain, or nothing at all.
Result<Lineage> Service::lineage_after(const std::optional<Lineage>& lineage) {
  if (lineage) return cookies_.end_of_chain(*lineage);
  Lineage fresh;
  entropy_.fill(fresh.root);
  return fresh;
}

Result<std::string> Service::make_challenge(const std::optional<Lineage>& after, bool armed,
                                            bool logout, const Presented& presented,
                                            TimePoint now) {
  const Result<Lineage> lineage = lineage_after(after);
  if (!lineage) return lineage.error();
  return value_of({.armed = armed, .logout = logout, .issued = now, .lineage = *lineage},
                  presented);
}

Result<std::string> Service::value_of(const Challenge& challenge, const Presented& presented) {
  const Result<Hash256> instance = store_.instance();
  if (!instance) return instance.error();
  return challenge_value(bytes_of(sign(challenge, keys_.newest(),
                                       {.zone = presented.zone,
                                        .origin = presented.origin,
                                        .realm = presented.realm,
                                        .store_instance = *instance})));
}

void Service::note_admission(const NamedSession& session, const Policy& policy, TimePoint now) {
  last_seen_.note(session.key, *session.session, policy.limits, now);
  if (policy.stale) recent_.remember(session.key, session.session, now);
}

}  // namespace epoch::core
