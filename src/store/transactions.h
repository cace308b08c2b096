// What the operations of core::SessionStore do, each within one transaction. Where one answers an
// error, the transaction must be given up; where it answers Conflict, nothing was written.
#pragma once

#include <span>

#include "store/tables.h"

namespace epoch::store {

core::Result<core::Opened> open_session(Tables& tables, const core::Opening& opening);

core::Result<core::VerifyOutcome> note_verified(Tables& tables,
                                                const core::Verification& verification);

core::Result<bool> end_session(Tables& tables, const core::RecordKey& key, core::EndReason reason,
                               core::TimePoint at);

core::Result<core::Closed> close_lineage(Tables& tables, const core::Closing& closing);

core::Result<std::uint64_t> raise_epoch(Tables& tables, const core::Sweep& sweep);

core::Result<std::size_t> touch_sessions(Tables& tables, std::span<const core::Touch> touches);

// Removes those that are (still) there and forgettable. Answers how many.
core::Result<std::size_t> remove_forgettable(Tables& tables, std::span<const core::RecordKey> keys,
                                             core::TimePoint now);

}  // namespace epoch::store
