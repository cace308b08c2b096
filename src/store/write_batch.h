// One batch of group commit, carried out on an environment.
#pragma once

#include <span>

#include "store/environment.h"
#include "store/group_commit.h"

namespace epoch::store {

// Runs all operations in one write transaction and commits it. Who fails gets its error and is left
// out; the others are run again without it. Afterwards each is durable or has its error.
void commit_together(Environment& environment, std::span<CommitRequest* const> requests);

}  // namespace epoch::store
