// Is a data file what it should be? LMDB has no checksums and trusts what it maps: reading a
// damaged file can end the process that reads it.
#pragma once

#include <optional>

#include "core/result.h"
#include "store/directory_files.h"
#include "store/store_options.h"

namespace epoch::store {

// The format of our tables; a store with another is set aside.
inline constexpr std::uint32_t kFormatVersion = 5;

// Removes a file that a power cut has left while the store was being made: nobody has had anything
// in it. Only under the DirectoryLock.
core::Result<core::Done> discard_unfinished(const StoreOptions& options);

// Looks at the first two pages only, and reads the whole store through where they look wrong.
// nullopt: fit for use, or not there at all. Only under the DirectoryLock.
core::Result<std::optional<Unfit>> look_at(const StoreOptions& options);

// Reads every record, in a process of its own, which may crash. Other processes may go on using the
// store meanwhile. nullopt as above. Without the DirectoryLock, only that is to be believed: what
// looks unfit may be a file that another process is making or taking away.
core::Result<std::optional<Unfit>> read_through(const StoreOptions& options);

}  // namespace epoch::store
