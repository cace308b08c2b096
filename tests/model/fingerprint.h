// What of a world tells it from others, and nothing else: two worlds with the same fingerprint have
// the same future.
#pragma once

#include <array>
#include <cstdint>

#include "world.h"

namespace epoch::model {

using Fingerprint = std::array<std::uint64_t, 2>;

// Random roots and ids go by the order in which they are met, times by how long ago they were,
// generations by whether they are the current one. Records that nothing leads to any more, tabs
// that do the same, and the order of requests do not count.
Fingerprint fingerprint(World& world, const Setting& setting);

}  // namespace epoch::model
