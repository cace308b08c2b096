// What administrators ask of all sessions: find some of them, and end them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.h"

namespace epoch::core {

// Which sessions are wanted; an empty text, and a time of zero, ask for nothing.
struct SessionFilter {
  std::string user = {};     // how the name begins; ASCII letters of either case are the same
  std::string zone = {};     // the zone's name
  std::string address = {};  // how the address begins
  Seconds signed_in_for{0};  // at least
};

struct SessionsFound {
  std::vector<NamedSession> sessions;  // live as far as the store can tell, in the order of names
  std::optional<Position> next = {};   // where to go on; nullopt when all have been seen
};

// Looks at a bounded number of sessions, so that it takes milliseconds whatever the store holds:
// where few sessions fit the filter, there may be fewer than `limit`, or none, and yet more to
// come. Live is what has neither ended nor is older than it may become; the idle limit is a
// location's.
Result<SessionsFound> find_sessions(SessionStore& store, const SessionFilter& filter,
                                    const std::optional<Position>& from, std::size_t limit,
                                    TimePoint now);

// The session with this public id, in whatever state; nullopt where the store has none.
Result<std::optional<Listed>> find_session(SessionStore& store, std::string_view public_id);

}  // namespace epoch::core
