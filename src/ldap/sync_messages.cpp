#include "ldap/sync_messages.h"

#include "ldap/ber_reader.h"
#include "ldap/entry_uuid.h"

namespace epoch::ldap {
namespace {

using core::Bytes;

// The CHOICE of syncInfoValue.
constexpr std::uint8_t kNewCookie = 0x80;
constexpr std::uint8_t kRefreshDelete = 0xa1;
constexpr std::uint8_t kRefreshPresent = 0xa2;
constexpr std::uint8_t kSyncIdSet = 0xa3;

// False where it is there, but not well formed.
bool take_cookie(BerReader& reader, std::optional<std::string>& cookie) {
  if (!reader.at(ber::kOctetString)) return true;
  const std::optional<Bytes> content = reader.take(ber::kOctetString);
  if (!content) return false;
  cookie = std::string(core::text_of(*content));
  return true;
}

std::optional<SyncInfo> decode_phase(Bytes content, bool deletes) {
  BerReader reader(content);
  PhaseOver phase{.deletes = deletes};
  if (!take_cookie(reader, phase.cookie)) return std::nullopt;
  const std::optional<bool> done = reader.take_boolean(true);
  if (!done || !reader.at_end()) return std::nullopt;
  phase.refresh_done = *done;
  return phase;
}

std::optional<SyncInfo> decode_id_set(Bytes content) {
  BerReader reader(content);
  IdSet set;
  if (!take_cookie(reader, set.cookie)) return std::nullopt;
  const std::optional<bool> deleted = reader.take_boolean(false);
  const std::optional<Bytes> members = reader.take(ber::kSet);
  if (!deleted || !members || !reader.at_end()) return std::nullopt;
  set.deleted = *deleted;
  for (BerReader each(*members); !each.at_end();) {
    const std::optional<Bytes> bytes = each.take(ber::kOctetString);
    const std::optional<core::EntryUuid> uuid = bytes ? uuid_from_bytes(*bytes) : std::nullopt;
    if (!uuid) return std::nullopt;
    set.uuids.push_back(*uuid);
  }
  return set;
}

}  // namespace

std::optional<SyncState> decode_sync_state(Bytes value) {
  BerReader outer(value);
  const std::optional<Bytes> sequence = outer.take(ber::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  BerReader reader(*sequence);
  const std::optional<Bytes> change = reader.take(ber::kEnumerated);
  const std::optional<Bytes> bytes = reader.take(ber::kOctetString);
  const std::optional<core::EntryUuid> uuid = bytes ? uuid_from_bytes(*bytes) : std::nullopt;
  if (!change || change->size() != 1 || change->front() > 3 || !uuid) return std::nullopt;
  SyncState state{.change = static_cast<EntryChange>(change->front()), .uuid = *uuid, .cookie = {}};
  if (!take_cookie(reader, state.cookie) || !reader.at_end()) return std::nullopt;
  return state;
}

std::optional<SyncInfo> decode_sync_info(Bytes value) {
  BerReader reader(value);
  std::optional<SyncInfo> info;
  if (const auto cookie = reader.take(kNewCookie)) {
    info = NewCookie{std::string(core::text_of(*cookie))};
  } else if (const auto deletes = reader.take(kRefreshDelete)) {
    info = decode_phase(*deletes, true);
  } else if (const auto presents = reader.take(kRefreshPresent)) {
    info = decode_phase(*presents, false);
  } else if (const auto set = reader.take(kSyncIdSet)) {
    info = decode_id_set(*set);
  }
  if (!reader.at_end()) return std::nullopt;
  return info;
}

}  // namespace epoch::ldap
