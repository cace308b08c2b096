#include "ldap/sync_follower.h"

#include <utility>

namespace epoch::ldap {

using core::Done;
using core::EntryUuid;
using core::Result;
using core::TimePoint;

// Without a cookie the server sends every entry; with one it may, or it names what has gone.
SyncFollower::SyncFollower(Book& book, Directory& directory, const StateKey& key, bool from_cookie)
    : book_(book), directory_(directory), key_(key), all_are_called_(!from_cookie) {}

Result<Done> SyncFollower::take(const SyncState& state, const DirectoryEntry& entry,
                                TimePoint now) {
  remember(state.cookie);
  switch (state.change) {
    case EntryChange::Present:
      all_are_called_ = true;
      return unchanged(state.uuid);
    case EntryChange::Delete:
      return deleted(state.uuid, now);
    case EntryChange::Add:
    case EntryChange::Modify:
      break;
  }
  if (roll_) roll_->present(state.uuid);
  return book_.shown(
      {.uuid = state.uuid, .dn = entry.dn, .standing = standing_of(entry, key_, now)}, now);
}

Result<Done> SyncFollower::take(const SyncInfo& info, TimePoint now) {
  return std::visit([&](const auto& message) { return take(message, now); }, info);
}

Result<Done> SyncFollower::rest(TimePoint now) {
  if (!is_refreshed()) return book_.commit(std::nullopt, now);
  const bool cookie_is_due = cookie_ && now - cookie_written_ >= kCookieInterval;
  if (!book_.has_changes() && !cookie_is_due) return Done{};
  if (cookie_) cookie_written_ = now;
  return book_.commit(std::exchange(cookie_, std::nullopt), now);
}

// ---- the messages

Result<Done> SyncFollower::take(const NewCookie& message, TimePoint /*now*/) {
  remember(message.cookie);
  return Done{};
}

Result<Done> SyncFollower::take(const PhaseOver& message, TimePoint now) {
  remember(message.cookie);
  if (is_refreshed()) return Done{};
  if (!message.deletes) all_are_called_ = true;
  return message.refresh_done ? finish_refresh(now) : Done{};
}

Result<Done> SyncFollower::take(const IdSet& message, TimePoint now) {
  remember(message.cookie);
  if (!message.deleted) all_are_called_ = true;
  for (const EntryUuid& uuid : message.uuids) {
    Result<Done> done = message.deleted ? deleted(uuid, now) : unchanged(uuid);
    if (!done) return done;
  }
  return Done{};
}

// An entry that has not changed since the cookie is not sent, so the ledger must know it.
Result<Done> SyncFollower::unchanged(const EntryUuid& uuid) {
  if (!roll_) return Done{};
  roll_->present(uuid);
  const Result<std::optional<core::WatchedEntry>> known = book_.find(uuid);
  if (!known) return known.error();
  if (*known) return Done{};
  return core::Error{core::ErrorCode::Malformed,
                     "the directory calls an entry unchanged that it has never shown"};
}

Result<Done> SyncFollower::deleted(const EntryUuid& uuid, TimePoint now) {
  if (!roll_) return book_.gone(uuid, now);
  roll_->deleted(uuid);
  return Done{};
}

Result<Done> SyncFollower::finish_refresh(TimePoint now) {
  Result<Done> concluded = roll_->conclude(all_are_called_, book_, directory_, now);
  if (!concluded) return concluded;
  roll_.reset();
  cookie_written_ = now;
  return book_.commit(std::exchange(cookie_, std::nullopt), now);
}

void SyncFollower::remember(const std::optional<std::string>& cookie) {
  if (cookie) cookie_ = cookie;
}

}  // namespace epoch::ldap
