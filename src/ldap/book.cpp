#include "ldap/book.h"

#include <utility>

namespace epoch::ldap {
namespace {

using core::bytes_of;
using core::Done;
using core::EndReason;
using core::EntryUuid;
using core::Hash256;
using core::Result;
using core::TimePoint;
using core::WatchedEntry;

constexpr std::size_t kPage = 500;
constexpr std::size_t kMostUnrecorded = 100'000;

std::string words_for(EndReason reason, const Shown* after) {
  switch (reason) {
    case EndReason::PasswordChanged:
      return "the password was changed";
    case EndReason::AccountBarred:
      return "the account is locked, disabled or expired" +
             (after == nullptr || after->standing.barred_by.empty()
                  ? std::string()
                  : " (" + std::string(after->standing.barred_by) + ")");
    case EndReason::AccountRenamed:
      return "the entry was renamed" +
             (after == nullptr ? std::string() : " to " + printable(after->dn));
    default:
      return "the entry was deleted, or AuthLDAPURL no longer finds it";
  }
}

std::string text_of(const core::AccountState& state) {
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? std::to_string(*value) : std::string("-");
  };
  return number(state.password_time) + " " + number(state.password_value) +
         (state.barred ? " barred" : "");
}

// The same entry seen to become the same again.
Hash256 mark_of(const EntryUuid& uuid, EndReason reason, const Shown* after) {
  return core::sha256({uuid, bytes_of(core::to_string(reason)),
                       bytes_of(after == nullptr ? "" : after->dn),
                       bytes_of(after == nullptr ? "" : text_of(after->standing.state))});
}

}  // namespace

Book::Book(core::WatchLedger& ledger, const core::WatchId& watch, std::string directory_url,
           Log log, OnEnded on_ended)
    : ledger_(ledger),
      watch_(watch),
      directory_url_(std::move(directory_url)),
      log_(std::move(log)),
      on_ended_(std::move(on_ended)) {}

Result<Done> Book::open() {
  discard();
  std::size_t entries = 0;
  std::optional<EntryUuid> from;
  do {
    const Result<core::WatchPage> page = list(from);
    if (!page) return page.error();
    entries += page->entries.size();
    from = page->next;
  } while (from);
  tally_.entries = entries;
  return Done{};
}

Result<std::optional<std::string>> Book::cookie() { return ledger_.watch_cookie(watch_); }

Result<std::optional<WatchedEntry>> Book::find(const EntryUuid& uuid) {
  return ledger_.watched(watch_, uuid);
}

Result<core::WatchPage> Book::list(const std::optional<EntryUuid>& from) {
  return ledger_.list_watched(watch_, from, kPage);
}

Result<bool> Book::is_taken_over(const WatchedEntry& entry) {
  const Result<std::optional<WatchedEntry>> owner = ledger_.watched_by_dn(watch_, entry.dn);
  if (!owner) return owner.error();
  return *owner && (*owner)->uuid != entry.uuid;
}

Result<Done> Book::shown(const Shown& entry, TimePoint now) {
  if (Result<Done> room = make_room_for(entry.uuid, now); !room) return room;
  const WatchedEntry after{.uuid = entry.uuid, .dn = entry.dn, .state = entry.standing.state};
  Result<std::optional<WatchedEntry>> before = ledger_.watched(watch_, entry.uuid);
  if (!before) return before.error();
  const bool is_new = !*before;
  if (is_new) {
    before = ledger_.watched_by_dn(watch_, entry.dn);
    if (!before) return before.error();
  } else if (**before == after) {
    return Done{};
  }
  if (const std::optional<WatchedEntry>& known = *before) {
    if (core::account_of(directory_url_, known->dn) != core::account_of(directory_url_, entry.dn)) {
      stage_end(*known, EndReason::AccountRenamed, &entry);
    }
    // Under the name it has now: a server may not tell that a branch was renamed, and somebody may
    // have signed in since.
    if (const auto reason = core::why_to_end(known->state, after.state)) {
      stage_end(after, *reason, &entry);
    }
  }
  stage_put(after, is_new);
  return Done{};
}

Result<Done> Book::gone(const EntryUuid& uuid, TimePoint now) {
  if (Result<Done> room = make_room_for(uuid, now); !room) return room;
  const Result<std::optional<WatchedEntry>> before = ledger_.watched(watch_, uuid);
  if (!before) return before.error();
  if (!*before) return Done{};
  stage_end(**before, EndReason::AccountGone, nullptr);
  stage_erase(uuid);
  return Done{};
}

Result<Done> Book::forget(const EntryUuid& uuid, TimePoint now) {
  if (Result<Done> room = make_room_for(uuid, now); !room) return room;
  stage_erase(uuid);
  return Done{};
}

Result<Done> Book::expire(TimePoint now) {
  std::optional<EntryUuid> from;
  do {
    const Result<core::WatchPage> page = list(from);
    if (!page) return page.error();
    for (const WatchedEntry& entry : page->entries) {
      if (!entry.state.expires || *entry.state.expires > now) continue;
      Shown expired{
          .uuid = entry.uuid, .dn = entry.dn, .standing = {.state = entry.state, .barred_by = {}}};
      expired.standing.state.barred = true;
      expired.standing.state.expires.reset();
      if (Result<Done> done = shown(expired, now); !done) return done;
    }
    from = page->next;
  } while (from);
  return has_changes() ? commit(std::nullopt, now) : Done{};
}

Result<Done> Book::commit(std::optional<std::string> cookie, TimePoint now) {
  if (!has_changes() && !cookie) return Done{};
  staged_.cookie = std::move(cookie);
  Result<Done> applied = ledger_.apply(watch_, staged_);
  if (applied) {
    settle(now);
  } else {
    if (applied.error().code == core::ErrorCode::Unavailable) end_unrecorded();
    discard();
  }
  return applied;
}

void Book::discard() noexcept {
  staged_ = {};
  staged_uuids_.clear();
  endings_.clear();
  staged_new_ = 0;
}

// ---- gathering

// An entry that changes twice is compared with the ledger each time, so the first change must be
// there before the second is looked at.
Result<Done> Book::make_room_for(const EntryUuid& uuid, TimePoint now) {
  if (staged_uuids_.size() < kBatch && !staged_uuids_.contains(uuid)) return Done{};
  return commit(std::nullopt, now);
}

void Book::stage_put(const WatchedEntry& entry, bool is_new) {
  staged_.put.push_back(entry);
  staged_uuids_.insert(entry.uuid);
  if (is_new) ++staged_new_;
}

void Book::stage_erase(const EntryUuid& uuid) {
  staged_.erase.push_back(uuid);
  staged_uuids_.insert(uuid);
}

void Book::stage_end(const WatchedEntry& before, EndReason reason, const Shown* after) {
  Ending ending{.mark = mark_of(before.uuid, reason, after),
                .revocation = {core::account_of(directory_url_, before.dn), reason},
                .dn = before.dn,
                .line = "The directory has ended all sessions of " + printable(before.dn) + ": " +
                        std::string(core::to_string(reason)) + ", " + words_for(reason, after) +
                        "."};
  if (!ended_unrecorded_.contains(ending.mark)) staged_.revoke.push_back(ending.revocation);
  endings_.push_back(std::move(ending));
}

// ---- writing

// The store took everything.
void Book::settle(TimePoint now) {
  for (const Ending& ending : endings_) {
    if (ended_unrecorded_.erase(ending.mark) == 0) tell(ending);
  }
  tally_.entries = tally_.entries + staged_new_ - std::min(staged_.erase.size(), tally_.entries);
  if (has_changes()) tally_.last_change = now;
  discard();
}

// The store has no room for entries; an epoch needs none.
void Book::end_unrecorded() {
  if (staged_.revoke.empty()) return;
  const core::WatchChanges alone{.erase = {}, .put = {}, .revoke = staged_.revoke, .cookie = {}};
  if (!ledger_.apply(watch_, alone)) return;
  for (const Ending& ending : endings_) {
    if (ended_unrecorded_.contains(ending.mark)) continue;
    if (ended_unrecorded_.size() < kMostUnrecorded) ended_unrecorded_.insert(ending.mark);
    tell(ending);
  }
}

void Book::tell(const Ending& ending) {
  ++tally_.ended;
  log_(Severity::Info, ending.line);
  if (on_ended_) on_ended_({.dn = ending.dn, .reason = ending.revocation.reason});
}

}  // namespace epoch::ldap
