// What the model's tests share: exploring with a printed account, and the depth asked for.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "scenarios.h"
#include "story.h"

namespace epoch::model {

inline std::string name_of(const Setting& setting) {
  return setting.name + (setting.kind == Kind::Chromium ? "AsChromium" : "AsFirefox");
}

// `make check-model DEPTH=n` sets it for every scenario; 0: to the end.
inline std::size_t depth_or(std::size_t depth) {
  const char* asked = std::getenv("MODEL_DEPTH");
  if (asked == nullptr || *asked == '\0') return depth;
  const std::size_t steps = std::stoul(asked);
  return steps == 0 ? std::size_t{1000} : steps;
}

inline void print(const Setting& setting, const Exploration& explored) {
  std::cout << name_of(setting) << ": " << explored.states << " states, " << explored.steps
            << " steps, "
            << (explored.complete
                    ? "complete: every run of any length"
                    : "every run of up to " + std::to_string(explored.depth) + " steps")
            << "\n";
}

// What a search for a violation ends with: the property, or "none".
inline std::string verdict_of(const Exploration& explored) {
  return explored.found ? explored.found->violation.property : "none";
}

inline std::string story_or_nothing(const Exploration& explored, const Setting& setting,
                                    const Rules& rules) {
  return explored.found ? "\n" + story_of(*explored.found, setting, rules) : std::string();
}

}  // namespace epoch::model
