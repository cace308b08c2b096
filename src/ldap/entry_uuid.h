// What an entry keeps when it is renamed.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/bytes.h"
#include "core/watch_ledger.h"
#include "ldap/entry.h"

namespace epoch::ldap {

// entryUUID (RFC 4530), objectGUID (Active Directory), nsUniqueId (389 Directory Server).
std::span<const char* const> uuid_attributes() noexcept;

// From whichever of these the entry shows. Where it shows none, a hash of its DN: a rename then
// looks like a deletion and a new entry, which ends the same sessions.
core::EntryUuid uuid_of(const DirectoryEntry& entry);

// The sixteen bytes of a control (RFC 4533); nullopt for any other length.
std::optional<core::EntryUuid> uuid_from_bytes(core::Bytes bytes) noexcept;

}  // namespace epoch::ldap
