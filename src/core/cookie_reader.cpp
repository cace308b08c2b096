#include "core/cookie_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace epoch::core {
namespace {

// A browser gets here after as many logins in a row as this, each within the life of a challenge
// of the one before; further back nothing is followed.
constexpr int kLongestChain = 64;

}  // namespace

bool CookieReading::is_good() const noexcept {
  return state == CookieState::Live || state == CookieState::Challenge;
}

NamedSession CookieReading::session() const {
  return {.key = record_key_of(lineage->root), .session = *record->session};
}

bool proof_matches(const SessionId& id, const Session& session, const Credentials& credentials) {
  return equal_in_constant_time(proof_of(id, credentials), session.proof);
}

Result<CookieReading> CookieReader::read(const Presented& presented, const Limits& limits,
                                         TimePoint now) {
  const NamedCookies cookies = find_cookies(presented.cookie_header, presented.cookie_name);
  Result<StoreMoment> moment = store_.moment();
  if (!moment) return moment.error();

  CookieReading cookie;
  cookie.state = cookies.count == 0 ? CookieState::Absent : CookieState::Malformed;
  if (cookies.count == 1 || cookies.count == 2) {
    Result<CookieReading> first = read_value(cookies.values[0], presented, limits, now);
    if (!first) return first.error();
    if (cookies.count == 1) {
      cookie = *std::move(first);
    } else {
      Result<CookieReading> second = read_value(cookies.values[1], presented, limits, now);
      if (!second) return second.error();
      std::vector<NamedSession> found_over = std::move(first->found_over);
      std::move(second->found_over.begin(), second->found_over.end(),
                std::back_inserter(found_over));
      if (first->is_good() != second->is_good()) {
        cookie = first->is_good() ? *std::move(first) : *std::move(second);
      }
      cookie.found_over = std::move(found_over);
    }
  }
  cookie.moment = *moment;
  return cookie;
}

Result<std::optional<Heir>> CookieReader::find_heir(const CookieReading& cookie,
                                                    const Presented& presented,
                                                    const Limits& limits, TimePoint now) {
  std::optional<Heir> none;
  if (!cookie.lineage || !cookie.record) return none;
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
    if (is_live(*found.record.session, found.outgrown, limits, now)) {
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

Result<Lineage> CookieReader::end_of_chain(const Lineage& lineage) {
  Lineage last = lineage;
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

Result<bool> CookieReader::lives_at_end(const Lineage& lineage, const Limits& limits,
                                        TimePoint now) {
  const Result<Lineage> end = end_of_chain(lineage);
  if (!end) return end.error();
  const Result<Look> look = store_.find(record_key_of(end->root));
  if (!look) return look.error();
  return look->found && look->found->record.session &&
         is_live(*look->found->record.session, look->found->outgrown, limits, now);
}

Result<CookieReading> CookieReader::read_value(std::string_view value, const Presented& presented,
                                               const Limits& limits, TimePoint now) {
  CookieReading malformed;
  malformed.state = CookieState::Malformed;
  const std::optional<CookieContent> content = read_cookie_value(value);
  if (!content) return malformed;
  if (const auto* id = std::get_if<SessionId>(&*content)) {
    return read_session(*id, presented.zone, limits, now);
  }

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

Result<CookieReading> CookieReader::read_session(const SessionId& id, std::string_view zone,
                                                 const Limits& limits, TimePoint now) {
  CookieReading cookie;
  cookie.state = CookieState::Dead;
  cookie.id = id;
  cookie.lineage = Lineage{.root = lineage_root_of(id)};
  const RecordKey key = record_key_of(cookie.lineage->root);
  Result<Look> look = store_.find(key);
  if (!look) return look.error();
  if (!look->found) return cookie;
  if (look->found->record.session && look->found->record.session->zone != zone) {
    CookieReading of_another_zone;
    of_another_zone.state = CookieState::Malformed;
    return of_another_zone;
  }

  cookie.record = std::move(look->found->record);
  cookie.lineage->generation = cookie.record->succession.generation;
  std::optional<Session>& session = cookie.record->session;
  if (!session || session->end) return cookie;
  const std::optional<EndReason> over = overdue(*session, look->found->outgrown, limits, now);
  if (!over) {
    cookie.state = CookieState::Live;
    return cookie;
  }
  Result<bool> ended = store_.end(key, *over, now);
  if (!ended) return ended.error();
  session->end = End{.reason = *over, .at = now};
  if (*ended) cookie.found_over.push_back(cookie.session());
  return cookie;
}

Result<CookieReading> CookieReader::read_challenge(const VerifiedChallenge& verified,
                                                   const Limits& limits, TimePoint now) {
  CookieReading cookie;
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
        !is_live(*heir->found->record.session, heir->found->outgrown, limits, now);
  }
  return cookie;
}

}  // namespace epoch::core
