// What a directory says in content synchronisation (RFC 4533), as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "core/watch_ledger.h"

namespace epoch::ldap {

inline constexpr const char* kSyncRequestOid = "1.3.6.1.4.1.4203.1.9.1.1";
inline constexpr const char* kSyncStateOid = "1.3.6.1.4.1.4203.1.9.1.2";
inline constexpr const char* kSyncInfoOid = "1.3.6.1.4.1.4203.1.9.1.4";

enum class EntryChange : std::uint8_t { Present = 0, Add = 1, Modify = 2, Delete = 3 };

// Goes with each entry.
struct SyncState {
  EntryChange change;
  core::EntryUuid uuid;
  std::optional<std::string> cookie;
};

struct NewCookie {
  std::string cookie;
};

// One phase of the refresh is over; with `refresh_done` the refresh is.
struct PhaseOver {
  bool deletes = false;  // a delete phase: it named what has gone. Else it named what is there
  bool refresh_done = true;
  std::optional<std::string> cookie = {};
};

struct IdSet {
  bool deleted = false;  // these have gone; else these are there, unchanged
  std::vector<core::EntryUuid> uuids;
  std::optional<std::string> cookie = {};
};

using SyncInfo = std::variant<NewCookie, PhaseOver, IdSet>;

// Each takes the value of the control or message. nullopt for anything that RFC 4533 does not
// describe; nothing that a server can send does more than that.
std::optional<SyncState> decode_sync_state(core::Bytes value);
std::optional<SyncInfo> decode_sync_info(core::Bytes value);

}  // namespace epoch::ldap
