#include "ldap_testing.h"

#include <algorithm>
#include <utility>

namespace epoch::ldap {

using core::Done;
using core::Result;

core::EntryUuid uuid(std::uint8_t number) { return {number}; }

std::string dn(std::uint8_t number) {
  return "uid=user-" + std::to_string(number) + ",dc=example,dc=org";
}

DirectoryEntry entry(std::uint8_t number) {
  const core::EntryUuid id = uuid(number);
  return {.dn = dn(number),
          .attributes = {{.name = "objectGUID", .values = {std::string(core::text_of(id))}},
                         {.name = "modifyTimestamp", .values = {"20261121100000Z"}},
                         {.name = "pwdChangedTime", .values = {"20260101000000Z"}}}};
}

DirectoryEntry with(DirectoryEntry entry, const std::string& name, const std::string& value) {
  std::erase_if(entry.attributes,
                [&](const Attribute& attribute) { return attribute.name == name; });
  entry.attributes.push_back({.name = name, .values = {value}});
  return entry;
}

Result<Done> TestLedger::apply(const core::WatchId& watch, const core::WatchChanges& changes) {
  if (is_full && (!changes.put.empty() || changes.cookie)) {
    return core::Error{core::ErrorCode::Unavailable, "no room"};
  }
  Result<Done> done = MemoryStore::apply(watch, changes);
  ++applied;
  largest = std::max(largest, changes.put.size() + changes.erase.size());
  revocations_.insert(revocations_.end(), changes.revoke.begin(), changes.revoke.end());
  return done;
}

std::vector<std::string> TestLedger::ended() {
  std::vector<std::string> names;
  for (const core::Revocation& revocation : std::exchange(revocations_, {})) {
    std::string name = "somebody else";
    for (std::uint8_t number = 0; number < 200; ++number) {
      if (core::account_of(kUrl, dn(number)) == revocation.account) name = std::to_string(number);
    }
    names.push_back(name + ": " + std::string(core::to_string(revocation.reason)));
  }
  return names;
}

Result<Done> TestDirectory::search(const std::string& filter,
                                   std::span<const char* const> /*attributes*/, const Each& each) {
  asked.push_back(filter);
  if (hides) return Done{};
  std::size_t count = 0;
  for (const DirectoryEntry& shown : entries) {
    if (breaks_off_after && count++ == *breaks_off_after) {
      return core::Error{core::ErrorCode::Unavailable, "size limit exceeded"};
    }
    if (Result<Done> done = each(shown); !done) return done;
  }
  return Done{};
}

Result<bool> TestDirectory::finds(const std::string& name) {
  asked.push_back(name);
  return std::any_of(entries.begin(), entries.end(),
                     [&](const DirectoryEntry& shown) { return shown.dn == name; });
}

}  // namespace epoch::ldap
