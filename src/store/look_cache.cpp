#include "store/look_cache.h"

#include <cstring>
#include <optional>
#include <utility>

namespace epoch::store {
namespace {

using core::Result;

// A key is a digest: any eight bytes of it are as good as a hash.
std::uint64_t place_of(const core::RecordKey& key) noexcept {
  std::uint64_t place = 0;
  std::memcpy(&place, key.value.data(), sizeof place);
  return place;
}

}  // namespace

// What the answer shows is part of what is kept, and lives as long.
core::Look LookCache::look_at(std::shared_ptr<const Kept> kept, const core::StoreMoment& moment) {
  const core::Found* found = &kept->found;
  return {.found = std::shared_ptr<const core::Found>(std::move(kept), found), .moment = moment};
}

std::optional<core::Look> LookCache::find_known(const core::RecordKey& key,
                                                const core::StoreMoment& moment) {
  std::optional<core::Look> look;
  entries_.visit(place_of(key), [&](const Entry& entry) {
    if (entry.kept && entry.commit == moment.commit && entry.kept->key == key) {
      look.emplace(look_at(entry.kept, moment));
    }
  });
  return look;
}

Result<core::Look> LookCache::find(const Tables& tables, const core::RecordKey& key) {
  const core::StoreMoment moment = tables.moment();
  const std::uint64_t commit = moment.commit;
  Entry known = entry_for(key);
  if (known.kept && known.commit == commit) return look_at(std::move(known.kept), moment);

  const Result<std::optional<std::string_view>> bytes = tables.record_bytes(key);
  if (!bytes) return bytes.error();
  if (!*bytes) return core::Look{.found = nullptr, .moment = moment};
  if (known.kept && known.kept->bytes == **bytes) {
    const Kept& kept = *known.kept;
    const auto outgrown = kept.found.record.session
                              ? tables.outgrown(*kept.found.record.session, kept.epoch_keys)
                              : Result<std::optional<core::EndReason>>(std::nullopt);
    if (!outgrown) return outgrown.error();
    if (*outgrown == kept.found.outgrown) {
      keep({.kept = known.kept, .commit = commit});
      return look_at(std::move(known.kept), moment);
    }
  }

  Result<core::Record> record = tables.decoded(key, **bytes);
  if (!record) return record.error();
  auto kept = std::make_shared<Kept>();
  kept->key = key;
  kept->bytes = **bytes;
  kept->found.record = *std::move(record);
  if (const auto& session = kept->found.record.session) {
    kept->epoch_keys = epoch_keys_of(session->identity, session->zone);
    const Result<std::optional<core::EndReason>> outgrown =
        tables.outgrown(*session, kept->epoch_keys);
    if (!outgrown) return outgrown.error();
    kept->found.outgrown = *outgrown;
  }
  keep({.kept = kept, .commit = commit});
  return look_at(std::move(kept), moment);
}

LookCache::Entry LookCache::entry_for(const core::RecordKey& key) {
  Entry found;
  entries_.visit(place_of(key), [&](const Entry& entry) {
    if (entry.kept && entry.kept->key == key) found = entry;
  });
  return found;
}

// What was there is let go of outside the place.
void LookCache::keep(Entry entry) {
  const core::RecordKey& key = entry.kept->key;
  entries_.visit(place_of(key), [&](Entry& here) {
    const bool is_newer = here.kept && here.kept->key == key && here.commit > entry.commit;
    if (!is_newer) std::swap(here, entry);
  });
}

}  // namespace epoch::store
