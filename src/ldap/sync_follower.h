// Follows one conversation of content synchronisation (RFC 4533, refreshAndPersist).
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "ldap/book.h"
#include "ldap/directory.h"
#include "ldap/roll_call.h"
#include "ldap/sync_messages.h"

namespace epoch::ldap {

// Takes the messages in the order in which the server sends them. Entries that are shown count at
// once; deletions only when the refresh is complete, so that a connection that breaks off in the
// middle concludes nothing. The cookie is written together with the last change it covers, and
// alone no oftener than every kCookieInterval: what it lags behind is seen again, and is no change.
//
// Errors end the conversation. Unavailable: try again later, from the cookie. Malformed: what the
// server says and what the ledger knows contradict each other; try again without a cookie.
class SyncFollower {
 public:
  static constexpr core::Seconds kCookieInterval{10};

  // `from_cookie`: the conversation goes on from an earlier one.
  SyncFollower(Book& book, Directory& directory, const StateKey& key, bool from_cookie);

  core::Result<core::Done> take(const SyncState& state, const DirectoryEntry& entry,
                                core::TimePoint now);
  core::Result<core::Done> take(const SyncInfo& info, core::TimePoint now);

  // To be called when no further message is waiting: writes what the last ones have changed.
  core::Result<core::Done> rest(core::TimePoint now);

  // The refresh is over: what the ledger says is what the directory says.
  [[nodiscard]] bool is_refreshed() const noexcept { return !roll_.has_value(); }

 private:
  core::Result<core::Done> take(const NewCookie& message, core::TimePoint now);
  core::Result<core::Done> take(const PhaseOver& message, core::TimePoint now);
  core::Result<core::Done> take(const IdSet& message, core::TimePoint now);
  core::Result<core::Done> unchanged(const core::EntryUuid& uuid);
  core::Result<core::Done> deleted(const core::EntryUuid& uuid, core::TimePoint now);
  core::Result<core::Done> finish_refresh(core::TimePoint now);
  void remember(const std::optional<std::string>& cookie);

  Book& book_;
  Directory& directory_;
  const StateKey& key_;
  std::optional<RollCall> roll_ = RollCall();  // while refreshing
  bool all_are_called_;                        // the refresh names everybody who is there
  std::optional<std::string> cookie_;          // the latest, while the ledger has an older one
  core::TimePoint cookie_written_{};
};

}  // namespace epoch::ldap
