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

// Part of what was found, which lives as long.
std::shared_ptr<const Record> record_of(const std::shared_ptr<const Found>& found) noexcept {
  return {found, &found->record};
}

NamedSession session_in(const RecordKey& key, const std::shared_ptr<const Record>& record) {
  return {.key = key,
          .session = Shared<Session>(std::shared_ptr<const Session>(record, &*record->session))};
}

bool is_live(const Found& found, const Limits& limits, TimePoint now) noexcept {
  return found.record.session && is_live(*found.record.session, found.outgrown, limits, now);
}

}  // namespace

bool CookieReading::is_good() const noexcept {
  return state == CookieState::Live || state == CookieState::Challenge;
}

NamedSession CookieReading::session() const { return session_in(key, record); }

bool CookieReading::proof_matches() const noexcept {
  return proof && equal_in_constant_time(*proof, record->session->proof);
}

bool proof_matches(const SessionId& id, const Session& session, const Credentials& credentials) {
  return equal_in_constant_time(proof_of(id, credentials), session.proof);
}

Result<CookieReading> CookieReader::read(const Presented& presented, const Limits& limits,
                                         TimePoint now) {
  const NamedCookies cookies = find_cookies(presented.cookie_header, presented.cookie_name);
  if (cookies.count == 1) return read_value(cookies.values[0], presented, limits, now);
  if (cookies.count == 2) return read_two(cookies, presented, limits, now);
  return without_record(cookies.count == 0 ? CookieState::Absent : CookieState::Malformed);
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
    const Found& found = *look->found;
    if (is_live(found, limits, now)) {
      const SigningKey* signing_key = keys_.find(succession.signing_key);
      if (signing_key == nullptr) return none;
      for (const Lineage& lineage : passed) {
        const SessionId id =
            signing_key->session_id(lineage, presented.zone, *presented.credentials);
        if (lineage_root_of(id) != root) continue;
        if (!proof_matches(id, *found.record.session, *presented.credentials)) return none;
        return std::optional<Heir>(
            Heir{.id = id, .session = session_in(key, record_of(look->found))});
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
  return look->found && is_live(*look->found, limits, now);
}

Result<CookieReading> CookieReader::read_two(const NamedCookies& cookies,
                                             const Presented& presented, const Limits& limits,
                                             TimePoint now) {
  Result<CookieReading> first = read_value(cookies.values[0], presented, limits, now);
  if (!first) return first;
  Result<CookieReading> second = read_value(cookies.values[1], presented, limits, now);
  if (!second) return second;
  std::vector<NamedSession> found_over = std::move(first->found_over);
  std::move(second->found_over.begin(), second->found_over.end(), std::back_inserter(found_over));
  Result<CookieReading> cookie = first->is_good() == second->is_good()
                                     ? without_record(CookieState::Malformed)
                                     : std::move(first->is_good() ? first : second);
  if (cookie) cookie->found_over = std::move(found_over);
  return cookie;
}

// Nothing is looked up, but a store that does not answer is told from a client without a cookie.
Result<CookieReading> CookieReader::without_record(CookieState state) {
  const Result<StoreMoment> moment = store_.moment();
  if (!moment) return moment.error();
  CookieReading cookie;
  cookie.state = state;
  cookie.moment = *moment;
  return cookie;
}

Result<CookieReading> CookieReader::read_value(std::string_view value, const Presented& presented,
                                               const Limits& limits, TimePoint now) {
  std::optional<ProofMemo::Tag> tag;
  if (memo_ != nullptr) tag = memo_->tag_of(value, presented.credentials);
  if (tag) {
    if (const std::optional<Proven> known = memo_->find(*tag)) {
      return read_session(*known, presented, limits, now);
    }
  }
  const std::optional<CookieContent> content = read_cookie_value(value);
  if (!content) return without_record(CookieState::Malformed);
  if (const auto* id = std::get_if<SessionId>(&*content)) {
    const Proven proven = prove(*id, presented.credentials);
    if (tag) memo_->keep(*tag, proven);
    return read_session(proven, presented, limits, now);
  }

  Result<Hash256> instance = store_.instance();
  if (!instance) return instance.error();
  const std::optional<VerifiedChallenge> verified =
      verify(bytes_of(std::get<ChallengeBytes>(*content).bytes), keys_,
             {.zone = presented.zone,
              .origin = presented.origin,
              .realm = presented.realm,
              .store_instance = *instance});
  if (!verified) return without_record(CookieState::Malformed);
  return read_challenge(*verified, limits, now);
}

Result<CookieReading> CookieReader::read_session(const Proven& proven, const Presented& presented,
                                                 const Limits& limits, TimePoint now) {
  Result<CookieReading> reading{CookieReading{}};
  CookieReading& cookie = *reading;
  cookie.state = CookieState::Dead;
  cookie.is_session = true;
  cookie.proof = proven.proof;
  cookie.lineage = Lineage{.root = proven.root};
  cookie.key = proven.key;
  const Result<Look> look = store_.find(cookie.key);
  if (!look) return look.error();
  cookie.moment = look->moment;
  if (!look->found) return reading;
  if (look->found->record.session && look->found->record.session->zone != presented.zone) {
    return without_record(CookieState::Malformed);
  }

  cookie.record = record_of(look->found);
  cookie.lineage->generation = cookie.record->succession.generation;
  const std::optional<Session>& session = cookie.record->session;
  if (!session || session->end) return reading;
  const std::optional<EndReason> over = overdue(*session, look->found->outgrown, limits, now);
  if (!over) {
    cookie.state = CookieState::Live;
    return reading;
  }
  Result<bool> ended = store_.end(cookie.key, *over, now);
  if (!ended) return ended.error();
  auto record = std::make_shared<Record>(*cookie.record);
  record->session->end = End{.reason = *over, .at = now};
  cookie.record = std::move(record);
  if (*ended) cookie.found_over.push_back(cookie.session());
  return reading;
}

Result<CookieReading> CookieReader::read_challenge(const VerifiedChallenge& verified,
                                                   const Limits& limits, TimePoint now) {
  CookieReading cookie;
  cookie.state = CookieState::Challenge;
  cookie.challenge = verified;
  cookie.lineage = verified.challenge.lineage;
  cookie.key = record_key_of(cookie.lineage->root);
  const Result<Look> look = store_.find(cookie.key);
  if (!look) return look.error();
  cookie.moment = look->moment;
  if (!look->found) return cookie;

  cookie.record = record_of(look->found);
  const Succession& succession = cookie.record->succession;
  cookie.lineage_closed = succession.generation != cookie.lineage->generation;
  if (succession.successor && !cookie.lineage_closed) {
    const Result<Look> heir = store_.find(record_key_of(*succession.successor));
    if (!heir) return heir.error();
    cookie.lineage_closed = !heir->found || !is_live(*heir->found, limits, now);
  }
  return cookie;
}

}  // namespace epoch::core
