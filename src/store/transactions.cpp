#include "store/transactions.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "store/session_limit.h"

namespace epoch::store {
namespace {

using core::Done;
using core::EndReason;
using core::Opened;
using core::Opening;
using core::OpenOutcome;
using core::Record;
using core::RecordKey;
using core::Result;
using core::Session;

// No browser logs in so often within the life of a challenge; a longer chain is a loop or damage.
constexpr std::size_t kLongestChain = 1024;

Opened conflict() { return {.outcome = OpenOutcome::Conflict, .session = {}}; }

Result<bool> lives(const Tables& tables, const std::optional<Record>& record,
                   const Opening& opening) {
  if (!record || !record->session) return false;
  const Result<std::optional<EndReason>> outgrown = tables.outgrown(*record->session);
  if (!outgrown) return outgrown.error();
  return core::is_live(*record->session, *outgrown, opening.limits, opening.now);
}

// Whether the lineage that the challenge named is still open.
Result<bool> is_open(const Tables& tables, const std::optional<Record>& root,
                     const std::optional<Record>& successor, const Opening& opening) {
  if (!root) return true;
  if (root->succession.generation != opening.follows.generation) return false;
  if (!root->succession.successor) return true;
  return lives(tables, successor, opening);
}

// Ends what lived before and lets it point to the new session, if it points nowhere yet.
void hand_over(const RecordKey& key, Record& record, const Opening& opening, Opened& opened) {
  if (record.session && !record.session->end) {
    record.session->end = {.reason = EndReason::Superseded, .at = opening.now};
    opened.ended.push_back({.key = key, .session = *record.session});
  }
  core::Succession& succession = record.succession;
  if (succession.successor) return;
  succession.successor = opening.root;
  succession.signing_key = opening.signing_key;
  succession.changed = opening.now;
}

// Walks from the root to the end of its chain, ends what lives and closes the lineage there.
Result<Done> close_chain(Tables& tables, const core::Closing& closing, core::Closed& closed) {
  core::Hash256 root = closing.root;
  RecordKey key = core::record_key_of(root);
  Result<std::optional<Record>> record = tables.record(key);
  if (!record) return record.error();
  if (!*record) return Done{};

  std::vector<RecordKey> passed;
  for (;;) {
    passed.push_back(key);
    Record& here = **record;
    const bool ends = here.session && !here.session->end;
    if (ends) {
      here.session->end = {.reason = closing.reason, .at = closing.at};
      closed.ended.push_back(key);
    }
    std::optional<RecordKey> next_key;
    Result<std::optional<Record>> next = std::optional<Record>();
    if (here.succession.successor && passed.size() < kLongestChain) {
      next_key = core::record_key_of(*here.succession.successor);
      if (std::find(passed.begin(), passed.end(), *next_key) == passed.end()) {
        next = tables.record(*next_key);
        if (!next) return next.error();
      }
    }
    const bool is_last = !*next;
    if (is_last) {
      ++here.succession.generation;
      here.succession.changed = closing.at;
      closed.next = core::Lineage{.root = root, .generation = here.succession.generation};
    }
    if (ends || is_last) {
      if (Result<Done> put = tables.put(key, here); !put) return put;
    }
    if (is_last) return Done{};
    root = *here.succession.successor;
    key = *next_key;
    record = std::move(next);
  }
}

}  // namespace

Result<Opened> open_session(Tables& tables, const Opening& opening) {
  const Result<EpochsNow> epochs = tables.epochs(opening.session.identity, opening.session.zone);
  if (!epochs) return epochs.error();
  const core::StoreMoment now = tables.moment();
  if (opening.seen.instance != now.instance || opening.seen.commit >= now.commit ||
      epochs->grown() > opening.seen.commit) {
    return conflict();
  }

  Result<std::optional<Record>> present = tables.record(opening.key);
  if (!present) return present.error();
  if (*present) {
    const Result<bool> live = lives(tables, *present, opening);
    if (!live) return live.error();
    if (!*live) return conflict();
    return Opened{.outcome = OpenOutcome::Joined, .session = std::move(*(*present)->session)};
  }

  const RecordKey root_key = core::record_key_of(opening.follows.root);
  Result<std::optional<Record>> root = tables.record(root_key);
  if (!root) return root.error();
  std::optional<RecordKey> successor_key;
  Result<std::optional<Record>> successor = std::optional<Record>();
  if (*root && (*root)->succession.successor) {
    successor_key = core::record_key_of(*(*root)->succession.successor);
    successor = tables.record(*successor_key);
    if (!successor) return successor.error();
  }
  const Result<bool> still_open = is_open(tables, *root, *successor, opening);
  if (!still_open) return still_open.error();
  if (!*still_open) return conflict();

  Result<Room> room = make_room(tables, opening, root_key, successor_key);
  if (!room) return room.error();
  if (room->is_none) return Opened{.outcome = OpenOutcome::TooMany, .session = {}};

  Record opened;
  opened.session = opening.session;
  opened.session->opened_under = epochs->values();
  opened.session->end.reset();
  const Result<bool> fits =
      tables.room_for_a_session(core::encode(opened).size(), room->ending.size());
  if (!fits) return fits.error();
  if (!*fits) {
    return core::Error{core::ErrorCode::Unavailable,
                       "The session store is full: no new sessions are opened until old ones have "
                       "been purged; everybody can still log out. If this goes on, fewer sessions "
                       "or a shorter AuthEpochMaxAge are needed."};
  }
  if (Result<Done> put = tables.put(opening.key, opened); !put) return put.error();

  if (!*root) {
    root->emplace();
    (*root)->succession.generation = opening.follows.generation;
  }
  Opened done{.outcome = OpenOutcome::Opened, .session = std::move(*opened.session)};
  hand_over(root_key, **root, opening, done);
  if (Result<Done> put = tables.put(root_key, **root); !put) return put.error();
  if (*successor) {
    hand_over(*successor_key, **successor, opening, done);
    if (Result<Done> put = tables.put(*successor_key, **successor); !put) return put.error();
  }
  for (core::NamedSession& each : room->ending) {
    const core::End& end = *each.session->end;
    const Result<bool> ended = end_session(tables, each.key, end.reason, end.at);
    if (!ended) return ended.error();
    done.ended.push_back(std::move(each));
  }
  return done;
}

Result<core::VerifyOutcome> note_verified(Tables& tables, const core::Verification& verification) {
  Result<std::optional<Record>> record = tables.record(verification.key);
  if (!record) return record.error();
  if (!*record || !(*record)->session || (*record)->session->end) return core::VerifyOutcome::Over;
  Session& session = *(*record)->session;
  const Result<std::optional<EndReason>> outgrown = tables.outgrown(session);
  if (!outgrown) return outgrown.error();
  if (*outgrown) return core::VerifyOutcome::Over;
  if (core::subject_of(session.identity) != core::subject_of(verification.identity)) {
    return core::VerifyOutcome::Another;
  }
  if (core::knows_later(session, verification.at)) return core::VerifyOutcome::Noted;
  session.verified = verification.at;
  session.identity = verification.identity;
  if (Result<Done> put = tables.put(verification.key, **record); !put) return put.error();
  return core::VerifyOutcome::Noted;
}

Result<bool> end_session(Tables& tables, const RecordKey& key, EndReason reason,
                         core::TimePoint at) {
  Result<std::optional<Record>> record = tables.record(key);
  if (!record) return record.error();
  if (!*record || !(*record)->session || (*record)->session->end) return false;
  (*record)->session->end = {.reason = reason, .at = at};
  if (Result<Done> put = tables.put(key, **record); !put) return put.error();
  return true;
}

Result<core::Closed> close_lineage(Tables& tables, const core::Closing& closing) {
  core::Closed closed;
  if (Result<Done> done = close_chain(tables, closing, closed); !done) return done.error();
  if (closing.sweep) {
    if (Result<std::uint64_t> raised = raise_epoch(tables, *closing.sweep); !raised) {
      return raised.error();
    }
  }
  return closed;
}

Result<std::uint64_t> raise_epoch(Tables& tables, const core::Sweep& sweep) {
  Result<std::optional<Record>> spared = std::optional<Record>();
  if (sweep.except) {
    spared = tables.record(*sweep.except);
    if (!spared) return spared.error();
    if (*spared && (!(*spared)->session || (*spared)->session->end))
      spared = std::optional<Record>();
  }
  if (*spared) {
    const Result<std::optional<EndReason>> outgrown = tables.outgrown(*(*spared)->session);
    if (!outgrown) return outgrown.error();
    if (*outgrown) spared = std::optional<Record>();
  }
  Result<std::uint64_t> raised = tables.raise_epoch(sweep);
  if (!raised || !*spared) return raised;

  Session& session = *(*spared)->session;
  const Result<EpochsNow> epochs = tables.epochs(session.identity, session.zone);
  if (!epochs) return epochs.error();
  session.opened_under = epochs->values();
  if (Result<Done> put = tables.put(*sweep.except, **spared); !put) return put.error();
  return raised;
}

Result<std::size_t> touch_sessions(Tables& tables, std::span<const core::Touch> touches) {
  std::size_t moved = 0;
  for (const core::Touch& touch : touches) {
    Result<std::optional<Record>> record = tables.record(touch.key);
    if (!record) return record.error();
    if (!*record || !(*record)->session) continue;
    Session& session = *(*record)->session;
    if (session.end || session.last_seen >= touch.seen) continue;
    session.last_seen = touch.seen;
    if (Result<Done> put = tables.put(touch.key, **record); !put) return put.error();
    ++moved;
  }
  return moved;
}

Result<std::size_t> remove_forgettable(Tables& tables, std::span<const RecordKey> keys,
                                       core::TimePoint now) {
  std::size_t removed = 0;
  for (const RecordKey& key : keys) {
    const Result<std::optional<Record>> record = tables.record(key);
    if (!record) return record.error();
    if (!*record || core::forgettable_from(**record) > now) continue;
    if (Result<Done> erased = tables.erase(key); !erased) return erased.error();
    ++removed;
  }
  return removed;
}

}  // namespace epoch::store
