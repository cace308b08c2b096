// An entry of a directory, as a search returned it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace epoch::ldap {

struct Attribute {
  std::string name;  // as the server spells it
  std::vector<std::string> values;
};

struct DirectoryEntry {
  std::string dn;  // as the server spells it
  std::vector<Attribute> attributes;

  // nullptr where the attribute is absent or without values.
  [[nodiscard]] const std::vector<std::string>* values(std::string_view name) const noexcept {
    for (const Attribute& attribute : attributes) {
      if (core::equals_ignoring_case(attribute.name, name)) {
        return attribute.values.empty() ? nullptr : &attribute.values;
      }
    }
    return nullptr;
  }

  // The first value; empty where there is none.
  [[nodiscard]] std::string_view first(std::string_view name) const noexcept {
    const std::vector<std::string>* all = values(name);
    return all == nullptr ? std::string_view() : std::string_view(all->front());
  }
};

}  // namespace epoch::ldap
