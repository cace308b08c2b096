// The two ways in which directories write moments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/session.h"

namespace epoch::ldap {

// GeneralizedTime (RFC 4517 section 3.3.13): 20261121095912Z, with or without minutes, seconds, a
// fraction (dropped) and a difference from UTC. nullopt for anything else.
std::optional<core::TimePoint> parse_generalized_time(std::string_view text);

// 20261121095912.0Z: what every server compares with, Active Directory included.
std::string generalized_time(core::TimePoint time);

// Active Directory's count of 100 ns since 1601. nullopt for anything but digits, and for the two
// values that stand for never.
std::optional<core::TimePoint> parse_file_time(std::string_view text);

}  // namespace epoch::ldap
