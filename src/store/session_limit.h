// AuthEpochMaxSessions, within the transaction that opens a session.
#pragma once

#include <optional>
#include <vector>

#include "core/ports.h"
#include "store/tables.h"

namespace epoch::store {

struct Room {
  bool is_none = false;                    // the limit wants the login denied
  std::vector<core::NamedSession> ending;  // what is to end with it, each with its end
};

// What the limit says of a login that takes the place of these two, if they are sessions. Writes
// nothing. Where there are far too many, as after the limit was lowered, some are left for the
// logins to come.
core::Result<Room> make_room(const Tables& tables, const core::Opening& opening,
                             const core::RecordKey& followed,
                             const std::optional<core::RecordKey>& sibling);

}  // namespace epoch::store
