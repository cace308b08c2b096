// The use cases of Service that end sessions.
#include <utility>

#include "core/service.h"

namespace epoch::core {
namespace {

// AuthEpochLogoutResponse challenge: the person has answered the logout's own challenge, and the
// browser has sent the answer to the logout URL.
bool is_answer_to_logout(const CookieReading& cookie, const Presented& presented, TimePoint now) {
  if (!cookie.challenge || presented.credentials == nullptr || cookie.lineage_closed) return false;
  const Challenge& challenge = cookie.challenge->challenge;
  return challenge.logout && challenge.armed && cookie.challenge->here &&
         !is_expired(challenge, now);
}

Sweep sweep_of(const Session& session) {
  return {.reach = Reach::UserInZone,
          .zone = session.zone,
          .subject = subject_of(session.identity),
          .except = std::nullopt};
}

}  // namespace

Result<bool> Service::end(const NamedSession& session, EndReason reason, TimePoint now) {
  recent_.forget(session.key);
  return store_.end(session.key, reason, now);
}

Result<LoggedOut> Service::logout(const Presented& presented, const LogoutRequest& what,
                                  const Limits& limits, TimePoint now) {
  Result<CookieReading> read = cookies_.read(presented, limits, now);
  if (!read) return read.error();
  const CookieReading& cookie = *read;

  LoggedOut done;
  done.found_over = std::move(read->found_over);
  if (is_answer_to_logout(cookie, presented, now)) {
    // A copy: another request with the same answer may have opened the session meanwhile.
    Challenge unmarked = cookie.challenge->challenge;
    unmarked.logout = false;
    Result<std::string> value = value_of(unmarked, presented);
    if (!value) return value.error();
    done.is_answer = true;
    done.cookie_value = *std::move(value);
    return done;
  }

  const Result<bool> overtaken = is_overtaken(cookie, presented, limits, now);
  if (!overtaken) return overtaken.error();
  Result<std::optional<NamedSession>> owner = find_owner(cookie, presented, limits, now);
  if (!owner) return owner.error();
  done.session = *owner;
  std::optional<Sweep> sweep;
  if (what.scope != LogoutScope::ThisBrowser) {
    done.scope_granted = owner->has_value();
    if (done.scope_granted) sweep = sweep_of(*done.session->session);
  }
  if (sweep && what.scope == LogoutScope::OtherBrowsers && cookie.state == CookieState::Live) {
    const Result<Done> swept = sweep_others(done, now);
    if (!swept) return swept.error();
    return done;
  }

  std::optional<Lineage> next;
  if (cookie.lineage) {
    Result<std::optional<Lineage>> closed = close(cookie.lineage->root, sweep, done, now);
    if (!closed) return closed.error();
    next = *closed;
  }
  // A scope that was not granted is answered by a page, which makes no browser drop its
  // credentials.
  const bool challenges = what.answered_by_challenge && done.scope_granted;
  const bool armed = challenges && presented.credentials != nullptr && !*overtaken;
  Result<std::string> value = make_challenge(next, armed, challenges, presented, now);
  if (!value) return value.error();
  done.cookie_value = *std::move(value);
  return done;
}

Result<LoggedOut> Service::logout(const NamedSession& session, const Hash256& root,
                                  LogoutScope scope, const Presented& presented, TimePoint now) {
  LoggedOut done;
  done.session = session;
  if (scope == LogoutScope::OtherBrowsers) {
    const Result<Done> swept = sweep_others(done, now);
    if (!swept) return swept.error();
    return done;
  }
  std::optional<Sweep> sweep;
  if (scope == LogoutScope::AllBrowsers) sweep = sweep_of(*session.session);
  const Result<std::optional<Lineage>> next = close(root, sweep, done, now);
  if (!next) return next.error();
  Result<std::string> value =
      make_challenge(*next, /*armed=*/false, /*logout=*/false, presented, now);
  if (!value) return value.error();
  done.cookie_value = *std::move(value);
  return done;
}

Result<Done> Service::sweep_others(LoggedOut& done, TimePoint now) {
  Sweep sweep = sweep_of(*done.session->session);
  sweep.except = done.session->key;
  const Result<std::uint64_t> swept = store_.sweep(sweep, now);
  if (!swept) return swept.error();
  done.swept = true;
  return Done{};
}

// What may follow afterwards; nullopt where the store knows no such root.
Result<std::optional<Lineage>> Service::close(const Hash256& root,
                                              const std::optional<Sweep>& sweep, LoggedOut& done,
                                              TimePoint now) {
  Result<Closed> closed =
      store_.close({.root = root, .reason = EndReason::LoggedOut, .at = now, .sweep = sweep});
  if (!closed) return closed.error();
  done.ended = std::move(closed->ended);
  for (const RecordKey& key : done.ended) recent_.forget(key);
  done.swept = sweep.has_value();
  return closed->next;
}

// Whose logout it is: the live session's of the cookie; or of an ended one, if the password that it
// was opened with came along; or the one that lives at the end of the chain, likewise.
Result<std::optional<NamedSession>> Service::find_owner(const CookieReading& cookie,
                                                        const Presented& presented,
                                                        const Limits& limits, TimePoint now) {
  std::optional<NamedSession> owner;
  if (cookie.state == CookieState::Live) {
    owner = cookie.session();
  } else if (presented.credentials != nullptr) {
    Result<std::optional<Heir>> heir = cookies_.find_heir(cookie, presented, limits, now);
    if (!heir) return heir.error();
    if (*heir) {
      owner = (*heir)->session;
    } else if (cookie.is_session && cookie.record && cookie.record->session &&
               cookie.proof_matches()) {
      owner = cookie.session();
    }
  }
  return owner;
}

}  // namespace epoch::core
