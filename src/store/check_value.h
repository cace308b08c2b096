// A check value behind what stands in a table: LMDB has no checksums, and a bit that a disk or its
// memory has flipped can bring back what an epoch has ended, or let somebody be another. It finds
// accidents, and a value that stands under another key; who writes the file can make one.
#pragma once

#include <optional>
#include <string>

#include "core/bytes.h"

namespace epoch::store {

// The value, and its check value. The key is a digest.
std::string with_check_value(const core::Hash256& instance, const core::Hash256& key,
                             core::Bytes value);

// The value alone; nullopt where it is not what was written under this key in this store. Keys of
// another length have none.
std::optional<core::Bytes> checked_value(const core::Hash256& instance, core::Bytes key,
                                         core::Bytes bytes);

}  // namespace epoch::store
