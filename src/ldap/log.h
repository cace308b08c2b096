// How the watcher speaks to the administrator.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace epoch::ldap {

enum class Severity { Info, Warning, Error };

// Takes one line for the administrator's log: no line of ours holds a control character. Called
// from the watcher's thread.
using Log = std::function<void(Severity, const std::string&)>;

// What came from a directory, fit for a log: control characters are written \x0a, a backslash \\.
std::string printable(std::string_view text);

}  // namespace epoch::ldap
