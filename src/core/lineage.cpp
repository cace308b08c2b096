#include "core/lineage.h"

namespace epoch::core {

Hash256 lineage_root_of(const SessionId& id) { return sha256({bytes_of("lineage"), id.value}); }

RecordKey record_key_of(const Hash256& lineage_root) {
  return RecordKey{sha256({bytes_of("record"), lineage_root})};
}

std::string public_id(const RecordKey& key) { return hex(Bytes(key.value).first(16)); }

std::string short_id(const RecordKey& key) { return hex(Bytes(key.value).first(4)); }

}  // namespace epoch::core
