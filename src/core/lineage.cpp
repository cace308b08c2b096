#include "core/lineage.h"

#include "core/text.h"

namespace epoch::core {
namespace {

std::optional<std::uint8_t> digit_of(char c) noexcept {
  const char lower = ascii_lower(c);
  if (lower >= '0' && lower <= '9') return static_cast<std::uint8_t>(lower - '0');
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
  return std::nullopt;
}

}  // namespace

Hash256 lineage_root_of(const SessionId& id) { return sha256({bytes_of("lineage"), id.value}); }

RecordKey record_key_of(const Hash256& lineage_root) {
  return RecordKey{sha256({bytes_of("record"), lineage_root})};
}

std::string public_id(const RecordKey& key) { return hex(Bytes(key.value).first(kPublicIdBytes)); }

std::optional<RecordKey> first_key_of(std::string_view beginning) {
  RecordKey key{};
  if (beginning.size() > public_id(key).size()) return std::nullopt;
  for (std::size_t i = 0; i < beginning.size(); ++i) {
    const std::optional<std::uint8_t> digit = digit_of(beginning[i]);
    if (!digit) return std::nullopt;
    std::uint8_t& byte = key.value[i / 2];
    byte = static_cast<std::uint8_t>(byte | *digit << (i % 2 == 0 ? 4U : 0U));
  }
  return key;
}

std::string short_id(const RecordKey& key) { return hex(Bytes(key.value).first(4)); }

}  // namespace epoch::core
