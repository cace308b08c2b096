// What a request's cookie stands for: a live session, an ended one, a challenge, and what followed.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/challenge.h"
#include "core/cookie.h"
#include "core/credentials.h"
#include "core/decision.h"
#include "core/keys.h"
#include "core/ports.h"
#include "core/proof_memo.h"
#include "core/session.h"

namespace epoch::core {

// What a request presents. Views into the caller's memory, valid during the call.
struct Presented {
  std::string_view cookie_header;
  std::string_view cookie_name;
  const Credentials* credentials = nullptr;  // nullptr: none
  RequestTraits request;
  std::string_view zone;
  std::string_view origin;
  std::string_view realm;
  SpaceTag space;  // space_tag(origin, realm)
};

// The request's cookie, with everything that was read to tell.
struct CookieReading {
  CookieState state = CookieState::Absent;
  StoreMoment moment;            // before anything was read
  bool is_session = false;       // Live, Dead: what the cookie holds is the id of one
  std::optional<Hash256> proof;  // likewise: what the credentials make with the id
  std::optional<VerifiedChallenge> challenge;
  std::optional<Lineage> lineage;        // all but Absent and Malformed
  RecordKey key{};                       // likewise: of the lineage's root
  std::shared_ptr<const Record> record;  // the one there; nullptr: the store has none
  bool lineage_closed = false;           // Challenge
  std::vector<NamedSession> found_over;  // overdue, and ended by this reading and by no other

  // Live, or a challenge with a good MAC.
  [[nodiscard]] bool is_good() const noexcept;

  // Only where the record has a session.
  [[nodiscard]] NamedSession session() const;

  // Whether that session was opened with the credentials that came along; in constant time.
  [[nodiscard]] bool proof_matches() const noexcept;
};

// The live session at the end of a chain of successors, opened with the credentials at hand.
struct Heir {
  SessionId id;
  NamedSession session;
};

// Reads cookies against store and keys, which outlive it. Any thread may use it. Writes only the
// end of a session that is found to be overdue, so that a clock stepping back revives nothing.
class CookieReader {
 public:
  CookieReader(SessionStore& store, const KeyRing& keys, ProofMemo* memo)
      : store_(store), keys_(keys), memo_(memo) {}

  // Of two cookies of the zone's name the good one counts; two good ones are malformed, since one
  // of them was planted.
  Result<CookieReading> read(const Presented& presented, const Limits& limits, TimePoint now);

  // Follows the successors to what lives at the end of the chain. It is the heir if its id is the
  // one that the presented credentials make on a lineage that the chain went through.
  Result<std::optional<Heir>> find_heir(const CookieReading& cookie, const Presented& presented,
                                        const Limits& limits, TimePoint now);

  // The lineage at the end of the chain, which a new challenge follows.
  Result<Lineage> end_of_chain(const Lineage& lineage);

  // Whether the session there is live.
  Result<bool> lives_at_end(const Lineage& lineage, const Limits& limits, TimePoint now);

 private:
  Result<CookieReading> read_two(const NamedCookies& cookies, const Presented& presented,
                                 const Limits& limits, TimePoint now);
  Result<CookieReading> without_record(CookieState state);
  Result<CookieReading> read_value(std::string_view value, const Presented& presented,
                                   const Limits& limits, TimePoint now);
  Result<CookieReading> read_session(const Proven& proven, const Presented& presented,
                                     const Limits& limits, TimePoint now);
  Result<CookieReading> read_challenge(const VerifiedChallenge& verified, const Limits& limits,
                                       TimePoint now);

  SessionStore& store_;
  const KeyRing& keys_;
  ProofMemo* const memo_;  // may be nullptr
};

// Whether the session that has this id was opened with these credentials; in constant time.
bool proof_matches(const SessionId& id, const Session& session, const Credentials& credentials);

}  // namespace epoch::core
