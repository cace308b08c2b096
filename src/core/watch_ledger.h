// What the directory watcher remembers between two of its runs, so that a restart misses nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/account.h"
#include "core/result.h"

namespace epoch::core {

// Names one watched AuthLDAPURL: a hash of everything that decides which entries it sees.
using WatchId = Hash256;

// An entry keeps its UUID (RFC 4530; objectGUID, nsUniqueId) when it is renamed.
using EntryUuid = std::array<std::uint8_t, 16>;

struct WatchedEntry {
  EntryUuid uuid{};
  std::string dn;  // as the directory spells it
  AccountState state;

  friend bool operator==(const WatchedEntry&, const WatchedEntry&) = default;
};

// Ends an account's sessions in all zones, whatever their number, by raising the account's epoch.
struct Revocation {
  AccountId account;
  EndReason reason;
};

// What happens together or not at all. `erase` goes before `put`, so that an entry that was made
// anew with another UUID keeps its DN.
struct WatchChanges {
  std::vector<EntryUuid> erase;
  std::vector<WatchedEntry> put;
  std::vector<Revocation> revoke;
  std::optional<std::string> cookie;  // nullopt: stays what it is
};

struct WatchPage {
  std::vector<WatchedEntry> entries;
  std::optional<EntryUuid> next;  // where the next page begins; nullopt after the last
};

// One book for each WatchId. Any thread may call; errors as SessionStore's.
class WatchLedger {
 public:
  virtual ~WatchLedger() = default;

  // Where the last run had got to: opaque to the store. nullopt: there was none.
  virtual Result<std::optional<std::string>> watch_cookie(const WatchId& watch) = 0;

  virtual Result<std::optional<WatchedEntry>> watched(const WatchId& watch,
                                                      const EntryUuid& uuid) = 0;

  // DNs are compared as account_of() does.
  virtual Result<std::optional<WatchedEntry>> watched_by_dn(const WatchId& watch,
                                                            std::string_view dn) = 0;

  // In the order of the UUIDs, from `from` on, at most `limit` (at least 1).
  virtual Result<WatchPage> list_watched(const WatchId& watch, const std::optional<EntryUuid>& from,
                                         std::size_t limit) = 0;

  // One transaction, durable when it returns. The caller keeps it to some hundred entries.
  virtual Result<Done> apply(const WatchId& watch, const WatchChanges& changes) = 0;
};

}  // namespace epoch::core
