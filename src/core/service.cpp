#include "core/service.h"

#include <algorithm>
#include <utility>

namespace epoch::core {
namespace {

// A browser gets here after as many logins in a row as this, each within the life of a challenge
// of the one before; further back nothing is followed.
constexpr int kLongestChain = 64;

bool proof_matches(const SessionId& id, const Session& session, const Credentials& credentials) {
  return equal_in_constant_time(proof_of(id, credentials), session.proof);
}

}  // namespace

// What the request's cookie turned out to be, with everything read on the way.
struct Service::Cookie {
  CookieState state = CookieState::Absent;
  StoreMoment moment;                      // before anything was read
  std::optional<SessionId> id;             // Live, Dead
  std::optional<VerifiedChallenge> challenge;
  std::optional<Lineage> lineage;          // all but Absent and Malformed
  std::optional<Record> record;            // of the lineage's root, where the store has one
  bool lineage_closed = false;             // Challenge

  [[nodiscard]] bool is_good() const noexcept {
    return state == CookieState::Live || state == CookieState::Challenge;
  }
  [[nodiscard]] NamedSession session() const {
    return {.key = record_key_of(lineage->root), .session = *record->session};
  }
};

// The live session at the end of a chain, when it was opened with the credentials at hand.
struct Service::Heir {
  SessionId id;
  NamedSession session;
};

Service::Service(SessionStore& store, const KeyRing& keys, Entropy& entropy)
    : store_(store), keys_(keys), entropy_(entropy) {}

Examined Service::examine(const Presented& presented, const Policy& policy, TimePoint now) {
  Result<Examined> examined = examine_with_store(presented, policy, now);
  if (examined) return *std::move(examined);
  if (std::optional<Examined> stale = examine_without_store(presented, policy, now)) {
    stale->store_error = examined.error().detail;
    return *std::move(stale);
  }
  Situation situation;
  situation.store_answers = false;
  return {.verdict = decide(situation),
          .session = std::nullopt,
          .login = std::nullopt,
          .cookie_value = {},
          .store_error = examined.error().detail};
}

Result<Examined> Service::examine_with_store(const Presented& presented, const Policy& policy,
                                             TimePoint now) {
  Result<Cookie> read = read_cookie(presented, policy.limits, now);
  if (!read) return read.error();
  const Cookie& cookie = *read;
  const Credentials* credentials = presented.credentials;

  Situation situation;
  situation.cookie = cookie.state;
  situation.credentials = credentials != nullptr;
  situation.request = presented.request;
  situation.stateless = policy.stateless;
  situation.cross_site_allowed = policy.cross_site_allowed;
  situation.same_site_none = policy.same_site_none;
  situation.lineage_closed = cookie.lineage_closed;
  if (cookie.challenge) {
    const Challenge& challenge = cookie.challenge->challenge;
    situation.armed = challenge.armed;
    situation.expired = is_expired(challenge, now);
    situation.past_half_life = is_past_half_life(challenge, now);
    situation.elsewhere = !cookie.challenge->here;
  }

  Examined examined{.verdict = {Action::Unavailable, SendCookie::Nothing, Reason::None, 0},
                    .session = std::nullopt,
                    .login = std::nullopt,
                    .cookie_value = {},
                    .store_error = {}};
  std::optional<SessionId> heir_id;
  if (cookie.state == CookieState::Live) {
    examined.session = cookie.session();
    situation.proof_equal =
        credentials != nullptr && proof_matches(*cookie.id, *cookie.record->session, *credentials);
  } else if (credentials != nullptr && cookie.lineage) {
    Result<std::optional<Heir>> heir = find_heir(cookie, presented, policy.limits, now);
    if (!heir) return heir.error();
    if (*heir) {
      situation.successor_lives = true;
      heir_id = (*heir)->id;
      examined.session = (*heir)->session;
    }
  }
  situation.login_too_old = policy.fresh_login && examined.session &&
                            now - examined.session->session.authenticated >= *policy.fresh_login;

  const Verdict& verdict = examined.verdict = decide(situation);
  switch (verdict.cookie) {
    case SendCookie::Nothing:
      break;
    case SendCookie::Session:
      examined.cookie_value = session_value(*heir_id);
      break;
    case SendCookie::ArmedChallenge:
    case SendCookie::UnarmedChallenge: {
      Result<std::string> value =
          make_challenge(cookie.lineage, verdict.cookie == SendCookie::ArmedChallenge,
                         /*logout=*/false, presented, now);
      if (!value) return value.error();
      examined.cookie_value = *std::move(value);
      break;
    }
  }
  if (verdict.action == Action::Admit || verdict.action == Action::AdmitSuccessor) {
    note_admission(*examined.session, policy, now);
  }
  const bool opens = verdict.action == Action::Login;
  const bool would_open = policy.report && verdict.action == Action::RefuseAndArm;
  if (opens || would_open) {
    Lineage follows;
    const SigningKey* key = &keys_.newest();
    if (opens) {
      follows = *cookie.lineage;
      if (cookie.challenge) key = cookie.challenge->key;
    } else {
      Result<Lineage> after = lineage_after(cookie.lineage);
      if (!after) return after.error();
      follows = *after;
    }
    const SessionId id = key->session_id(follows, presented.zone, *credentials);
    examined.login = PendingLogin{.id = id,
                                  .proof = proof_of(id, *credentials),
                                  .follows = follows,
                                  .signing_key = key->id(),
                                  .seen = cookie.moment};
  }
  return examined;
}

// AuthEpochOnStoreError stale: only for what this process itself saw live a moment ago, with the
// same proof.
std::optional<Examined> Service::examine_without_store(const Presented& presented,
                                                       const Policy& policy, TimePoint now) {
  const NamedCookies cookies = find_cookies(presented.cookie_header, presented.cookie_name);
  if (!policy.stale || presented.credentials == nullptr || cookies.count != 1) return std::nullopt;
  const std::optional<CookieContent> content = read_cookie_value(cookies.values[0]);
  if (!content || !std::holds_alternative<SessionId>(*content)) return std::nullopt;
  const auto& id = std::get<SessionId>(*content);

  const RecordKey key = record_key_of(lineage_root_of(id));
  const std::optional<RecentAdmissions::Admission> recent = recent_.find(key);
  if (!recent || now - recent->at >= *policy.stale) return std::nullopt;
  if (!is_live(recent->session, /*epochs_current=*/true, policy.limits, now)) return std::nullopt;

  Situation situation;
  situation.cookie = CookieState::Live;
  situation.credentials = true;
  situation.proof_equal = proof_matches(id, recent->session, *presented.credentials);
  situation.login_too_old =
      policy.fresh_login && now - recent->session.authenticated >= *policy.fresh_login;
  situation.request = presented.request;
  situation.cross_site_allowed = policy.cross_site_allowed;
  situation.same_site_none = policy.same_site_none;
  const Verdict verdict = decide(situation);
  if (verdict.action != Action::Admit) return std::nullopt;
  return Examined{.verdict = {verdict.action, verdict.cookie, Reason::StoreUnavailable, 1},
                  .session = NamedSession{.key = key, .session = recent->session},
                  .login = std::nullopt,
                  .cookie_value = {},
                  .store_error = {}};
}

Result<OpenedSession> Service::open(const PendingLogin& login, const LoginFacts& facts,
                                    const Limits& limits, TimePoint now) {
  Opening opening{.key = {},
                  .root = lineage_root_of(login.id),
                  .session = {},
                  .follows = login.follows,
                  .signing_key = login.signing_key,
                  .seen = login.seen,
                  .limits = limits,
                  .now = now};
  opening.key = record_key_of(opening.root);
  Session& session = opening.session;
  session.user = facts.user;
  session.zone = facts.zone;
  session.proof = login.proof;
  session.verifier = facts.verifier;
  session.created = session.authenticated = session.verified = session.last_seen = now;
  session.expires = now + limits.max_age;
  session.address = facts.address;
  session.user_agent = facts.user_agent;

  Result<Opened> opened = store_.open(opening);
  if (!opened) return opened.error();
  return OpenedSession{.outcome = opened->outcome,
                       .session = {.key = opening.key, .session = std::move(opened->session)},
                       .cookie_value = session_value(login.id)};
}

Result<std::string> Service::challenge_after_conflict(const PendingLogin& login,
                                                      const Presented& presented, TimePoint now) {
  return make_challenge(login.follows, /*armed=*/true, /*logout=*/false, presented, now);
}

Result<LoggedOut> Service::logout(const Presented& presented, const LogoutRequest& what,
                                  const Limits& limits, TimePoint now) {
  Result<Cookie> read = read_cookie(presented, limits, now);
  if (!read) return read.error();
  const Cookie& cookie = *read;
  const Credentials* credentials = presented.credentials;

  LoggedOut done;
  if (cookie.challenge && credentials != nullptr) {
    Challenge challenge = cookie.challenge->challenge;
    if (challenge.logout && challenge.armed && cookie.challenge->here &&
        !is_expired(challenge, now) && !cookie.lineage_closed) {
      Result<std::string> value = make_challenge(challenge.lineage, /*armed=*/true,
                                                 /*logout=*/false, presented, now);
      if (!value) return value.error();
      done.is_answer = true;
      done.cookie_value = *std::move(value);
      return done;
    }
  }

  // Whose session it is: the cookie's, if it lives; else the one that the credentials prove.
  bool proven = false;
  if (cookie.record && cookie.record->session) {
    done.session = cookie.session();
    proven = cookie.state == CookieState::Live ||
             (cookie.id && credentials != nullptr &&
              proof_matches(*cookie.id, done.session->session, *credentials));
  }
  if (!proven && credentials != nullptr && cookie.lineage) {
    Result<std::optional<Heir>> heir = find_heir(cookie, presented, limits, now);
    if (!heir) return heir.error();
    if (*heir) {
      done.session = (*heir)->session;
      proven = true;
    }
  }

  std::optional<Sweep> sweep;
  if (what.scope != LogoutScope::ThisBrowser) {
    done.scope_granted = proven;
    if (proven) {
      sweep = Sweep{.reach = Reach::UserInZone,
                    .zone = done.session->session.zone,
                    .user = done.session->session.user,
                    .except = std::nullopt};
    }
  }
  if (sweep && what.scope == LogoutScope::OtherBrowsers && cookie.state == CookieState::Live) {
    sweep->except = done.session->key;
    Result<std::uint64_t> swept = store_.sweep(*sweep, now);
    if (!swept) return swept.error();
    return done;
  }

  std::optional<Lineage> next;
  if (cookie.lineage) {
    Result<Closed> closed = store_.close(
        {.root = cookie.lineage->root, .reason = EndReason::LoggedOut, .at = now, .sweep = sweep});
    if (!closed) return closed.error();
    done.ended = std::move(closed->ended);
    next = closed->next;
    for (const RecordKey& key : done.ended) recent_.forget(key);
  }
  const bool armed = what.answered_by_challenge && credentials != nullptr;
  Result<std::string> value =
      make_challenge(next, armed, what.answered_by_challenge, presented, now);
  if (!value) return value.error();
  done.cookie_value = *std::move(value);
  return done;
}

Result<std::size_t> Service::flush_last_seen() { return last_seen_.flush(store_); }

// Of two cookies of the zone's name the good one counts; two good ones are malformed, since one of
// them was planted.
Result<Service::Cookie> Service::read_cookie(const Presented& presented, const Limits& limits,
                                             TimePoint now) {
  const NamedCookies cookies = find_cookies(presented.cookie_header, presented.cookie_name);
  Result<StoreMoment> moment = store_.moment();
  if (!moment) return moment.error();

  Cookie cookie;
  cookie.state = cookies.count == 0 ? CookieState::Absent : CookieState::Malformed;
  if (cookies.count == 1 || cookies.count == 2) {
    Result<Cookie> first = read_cookie_content(cookies.values[0], presented, limits, now);
    if (!first) return first.error();
    if (cookies.count == 1) {
      cookie = *std::move(first);
    } else {
      Result<Cookie> second = read_cookie_content(cookies.values[1], presented, limits, now);
      if (!second) return second.error();
      if (first->is_good() != second->is_good()) {
        cookie = first->is_good() ? *std::move(first) : *std::move(second);
      }
    }
  }
  cookie.moment = *moment;
  return cookie;
}

Result<Service::Cookie> Service::read_cookie_content(std::string_view value,
                                                     const Presented& presented,
                                                     const Limits& limits, TimePoint now) {
  Cookie malformed;
  malformed.state = CookieState::Malformed;
  const std::optional<CookieContent> content = read_cookie_value(value);
  if (!content) return malformed;
  if (const auto* id = std::get_if<SessionId>(&*content)) return read_session(*id, limits, now);

  Result<Hash256> instance = store_.instance();
  if (!instance) return instance.error();
  const std::optional<VerifiedChallenge> verified =
      verify(bytes_of(std::get<ChallengeBytes>(*content).bytes), keys_,
             {.zone = presented.zone,
              .origin = presented.origin,
              .realm = presented.realm,
              .store_instance = *instance});
  if (!verified) return malformed;
  return read_challenge(*verified, limits, now);
}

Result<Service::Cookie> Service::read_session(const SessionId& id, const Limits& limits,
                                              TimePoint now) {
  Cookie cookie;
  cookie.state = CookieState::Dead;
  cookie.id = id;
  cookie.lineage = Lineage{.root = lineage_root_of(id)};
  const RecordKey key = record_key_of(cookie.lineage->root);
  Result<Look> look = store_.find(key);
  if (!look) return look.error();
  if (!look->found) return cookie;

  cookie.record = std::move(look->found->record);
  cookie.lineage->generation = cookie.record->succession.generation;
  std::optional<Session>& session = cookie.record->session;
  if (!session || session->end) return cookie;
  const std::optional<EndReason> over = overdue(*session, look->found->epochs_current, limits, now);
  if (!over) {
    cookie.state = CookieState::Live;
    return cookie;
  }
  Result<bool> ended = store_.end(key, *over, now);
  if (!ended) return ended.error();
  session->end = End{.reason = *over, .at = now};
  recent_.forget(key);
  return cookie;
}

Result<Service::Cookie> Service::read_challenge(const VerifiedChallenge& verified,
                                                const Limits& limits, TimePoint now) {
  Cookie cookie;
  cookie.state = CookieState::Challenge;
  cookie.challenge = verified;
  cookie.lineage = verified.challenge.lineage;
  Result<Look> look = store_.find(record_key_of(cookie.lineage->root));
  if (!look) return look.error();
  if (!look->found) return cookie;

  cookie.record = std::move(look->found->record);
  const Succession& succession = cookie.record->succession;
  cookie.lineage_closed = succession.generation != cookie.lineage->generation;
  if (succession.successor && !cookie.lineage_closed) {
    Result<Look> heir = store_.find(record_key_of(*succession.successor));
    if (!heir) return heir.error();
    cookie.lineage_closed =
        !heir->found || !heir->found->record.session ||
        !is_live(*heir->found->record.session, heir->found->epochs_current, limits, now);
  }
  return cookie;
}

// Follows the successors to the end of the chain. What lives there is the heir if its id is the one
// that these credentials make on a lineage that the chain went through.
Result<std::optional<Service::Heir>> Service::find_heir(const Cookie& cookie,
                                                        const Presented& presented,
                                                        const Limits& limits, TimePoint now) {
  std::optional<Heir> none;
  if (!cookie.record) return none;
  std::vector<Lineage> passed{*cookie.lineage};
  passed.front().generation = cookie.record->succession.generation;
  Succession succession = cookie.record->succession;
  for (int hop = 0; succession.successor && hop < kLongestChain; ++hop) {
    const Hash256 root = *succession.successor;
    const RecordKey key = record_key_of(root);
    Result<Look> look = store_.find(key);
    if (!look) return look.error();
    if (!look->found || !look->found->record.session) return none;
    Found& found = *look->found;
    if (is_live(*found.record.session, found.epochs_current, limits, now)) {
      const SigningKey* signing_key = keys_.find(succession.signing_key);
      if (signing_key == nullptr) return none;
      for (const Lineage& lineage : passed) {
        const SessionId id =
            signing_key->session_id(lineage, presented.zone, *presented.credentials);
        if (lineage_root_of(id) != root) continue;
        if (!proof_matches(id, *found.record.session, *presented.credentials)) return none;
        return std::optional<Heir>(
            Heir{.id = id, .session = {.key = key, .session = std::move(*found.record.session)}});
      }
      return none;
    }
    succession = found.record.succession;
    passed.push_back({.root = root, .generation = succession.generation});
  }
  return none;
}

// The lineage at the end of the chain, which a new challenge follows; a random one where nothing
// went before.
Result<Lineage> Service::lineage_after(const std::optional<Lineage>& lineage) {
  if (!lineage) return fresh_lineage();
  Lineage last = *lineage;
  for (int hop = 0; hop < kLongestChain; ++hop) {
    Result<Look> look = store_.find(record_key_of(last.root));
    if (!look) return look.error();
    if (!look->found) break;
    const Succession& succession = look->found->record.succession;
    last.generation = succession.generation;
    if (!succession.successor) break;
    last = {.root = *succession.successor, .generation = 0};
  }
  return last;
}

Result<std::string> Service::make_challenge(const std::optional<Lineage>& after, bool armed,
                                            bool logout, const Presented& presented,
                                            TimePoint now) {
  Result<Lineage> lineage = lineage_after(after);
  if (!lineage) return lineage.error();
  Result<Hash256> instance = store_.instance();
  if (!instance) return instance.error();
  const std::string bytes = sign(
      {.armed = armed, .logout = logout, .issued = now, .lineage = *lineage}, keys_.newest(),
      {.zone = presented.zone,
       .origin = presented.origin,
       .realm = presented.realm,
       .store_instance = *instance});
  return challenge_value(bytes_of(bytes));
}

void Service::note_admission(const NamedSession& session, const Policy& policy, TimePoint now) {
  last_seen_.note(session.key, session.session, policy.limits, now);
  if (policy.stale) recent_.remember(session.key, session.session, now);
}

Lineage Service::fresh_lineage() {
  Lineage lineage;
  entropy_.fill(lineage.root);
  return lineage;
}

}  // namespace epoch::core
