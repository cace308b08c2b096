// Lineage: what ties a challenge to the session it follows.
//
// Every chain of logins in one browser has a root: 32 random bytes for a client that comes without
// a cookie, v(S) after a session S. Whoever logs out closes the lineage by raising its generation,
// so that a login that was under way when the logout came opens nothing.
#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace epoch::core {

// The 32 bytes in a session cookie. Whoever holds them and the password holds the session; they are
// never stored, logged or shown.
struct SessionId {
  Hash256 value;
};

// Where a record stands in the store: SHA-256 of its lineage root. Harmless to know.
struct RecordKey {
  Hash256 value;
  friend bool operator==(const RecordKey&, const RecordKey&) = default;
  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

struct Lineage {
  Hash256 root;
  std::uint32_t generation = 0;
  friend bool operator==(const Lineage&, const Lineage&) = default;
};

// v(S) = SHA-256("lineage" || id): names a session to those who must find it, without opening it.
Hash256 lineage_root_of(const SessionId& id);

// The store's key of the record that belongs to a lineage root.
RecordKey record_key_of(const Hash256& lineage_root);

inline constexpr std::size_t kPublicIdBytes = 16;

// The public id by which pages, logs and epochctl name a session: 32 hex digits of its record key.
std::string public_id(const RecordKey& key);

// The first key whose public id can begin so; nullopt where none can. Digits of either case.
std::optional<RecordKey> first_key_of(std::string_view beginning);

// The eight digits of the public id that stand in log lines.
std::string short_id(const RecordKey& key);

}  // namespace epoch::core
