// A moment in words for machines and people alike.
#pragma once

#include <string>

#include "core/session.h"

namespace epoch::core {

// RFC 3339, in UTC: "2026-01-31T12:00:00Z".
std::string time_text(TimePoint at);

}  // namespace epoch::core
