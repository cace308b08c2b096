// The settings that are explored: each a small part of the world, as far as it goes.
#pragma once

#include <ostream>
#include <vector>

#include "setting.h"

namespace epoch::model {

struct Scenario {
  Setting setting;
  std::size_t depth;  // steps from the first state, in `make check`
};

inline std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
  return out << scenario.setting.name;
}

// Each once as Chromium and once as Firefox.
std::vector<Scenario> scenarios();

// The first of them, to be varied: one person, two tabs, two directories.
Setting two_tabs(Kind kind);

// One zone on two ports, and two realms side by side.
Setting two_ports(Kind kind);
Setting two_realms(Kind kind);

// The same user in two browsers, with logouts of one, of the others and of all.
Setting two_browsers(Kind kind);

// Sessions and challenges run out, and an area asks for a fresh login.
Setting time_passes(Kind kind);

}  // namespace epoch::model
