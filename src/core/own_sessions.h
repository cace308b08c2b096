// A person's own sessions in the zone, and what shows that a page of ours asked to end one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.h"
#include "core/service.h"

namespace epoch::core {

inline constexpr std::size_t kSessionsPerPage = 100;

struct OwnSessions {
  std::vector<NamedSession> sessions;  // live by the limits of the location
  std::optional<Position> next;        // where the next page begins; nullopt after the last
};

// The sessions of whoever `own` belongs to, in its zone, the oldest login first.
Result<OwnSessions> list_own(SessionStore& store, const NamedSession& own, const Limits& limits,
                             TimePoint now, const std::optional<Position>& from);

// The one among them that has this public id. Absent alike: another user's, one that is over, one
// that never was.
Result<std::optional<NamedSession>> find_own(SessionStore& store, const NamedSession& own,
                                             std::string_view id, const Limits& limits,
                                             TimePoint now);

// What our forms carry: known to whoever has the session's cookie, and to the pages we send them.
std::string form_token(const Hash256& lineage_root);

// Whose form the request has sent.
enum class FormOrigin {
  Unknown,
  ThisSession,    // of the session that the request was admitted as
  SessionBefore,  // of the same user's session that the login followed: the form was sent, refused
                  // (AuthEpochFreshLogin, say), and sent again with the answer to the prompt
};

// `examined` has a session.
Result<FormOrigin> form_origin(SessionStore& store, const Examined& examined,
                               std::string_view token);

}  // namespace epoch::core
