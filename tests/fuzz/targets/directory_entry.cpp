// What an entry of a directory says of its account, whatever stands in it.
#include "ldap/account_state.h"
#include "ldap/directory_time.h"
#include "ldap/entry_uuid.h"
#include "ldap/log.h"
#include "property.h"

namespace epoch::fuzz {
namespace {

using core::TimePoint;
using ldap::DirectoryEntry;

constexpr TimePoint kNow{core::Seconds(1'800'000'000)};

const ldap::StateKey& key() {
  static const ldap::StateKey kKey(core::Hash256{1});
  return kKey;
}

std::string take_name(FuzzedDataProvider& input) {
  const auto state = ldap::state_attributes();
  const auto uuids = ldap::uuid_attributes();
  const auto which = input.ConsumeIntegralInRange<std::size_t>(0, state.size() + uuids.size());
  std::string name = which < state.size()                  ? state[which]
                     : which < state.size() + uuids.size() ? uuids[which - state.size()]
                                                           : input.ConsumeRandomLengthString(20);
  // Servers spell names as they like.
  if (input.ConsumeBool())
    std::transform(name.begin(), name.end(), name.begin(), core::ascii_lower);
  return name;
}

DirectoryEntry take_entry(FuzzedDataProvider& input) {
  DirectoryEntry entry{.dn = input.ConsumeRandomLengthString(40), .attributes = {}};
  for (int left = input.ConsumeIntegralInRange(0, 6); left > 0; --left) {
    ldap::Attribute attribute{.name = take_name(input), .values = {}};
    for (int values = input.ConsumeIntegralInRange(0, 3); values > 0; --values) {
      attribute.values.push_back(input.ConsumeRandomLengthString(40));
    }
    entry.attributes.push_back(std::move(attribute));
  }
  return entry;
}

void standing(const DirectoryEntry& entry, TimePoint now) {
  const ldap::Standing standing = ldap::standing_of(entry, key(), now);
  require(standing.state.barred == !standing.barred_by.empty(), "who is barred is barred by name");
  require(standing.state.barred || !standing.state.expires || *standing.state.expires > now,
          "what will expire has not expired");
  require(ldap::standing_of(entry, key(), now).state == standing.state, "nothing else counts");
  require(!core::why_to_end(standing.state, standing.state), "no change ends nothing");

  DirectoryEntry shuffled = entry;
  for (ldap::Attribute& attribute : shuffled.attributes) {
    if (attribute.name == "userPassword")
      std::reverse(attribute.values.begin(), attribute.values.end());
  }
  shuffled.attributes.push_back({.name = "mail", .values = {"somebody@example.org"}});
  require(ldap::standing_of(shuffled, key(), now).state == standing.state,
          "neither the order of passwords nor another attribute is a change");
}

void times(const std::string& text) {
  if (const auto at = ldap::parse_generalized_time(text)) {
    const std::string written = ldap::generalized_time(*at);
    // A difference from UTC may lead out of the years that four digits can write.
    const bool in_range = *at >= TimePoint(std::chrono::sys_days(std::chrono::January / 1 / 0)) &&
                          *at < TimePoint(std::chrono::sys_days(std::chrono::January / 1 / 10000));
    require(!in_range || ldap::parse_generalized_time(written) == at, "a time can be written");
  }
  if (const auto at = ldap::parse_file_time(text)) {
    require(std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }),
            "a file time is digits");
  }
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  FuzzedDataProvider input(bytes, size);
  const ldap::DirectoryEntry entry = fuzz::take_entry(input);
  fuzz::standing(entry, fuzz::kNow);
  fuzz::standing(entry, core::TimePoint());
  fuzz::require(ldap::uuid_of(entry) == ldap::uuid_of(entry), "an entry keeps its id");
  for (const ldap::Attribute& attribute : entry.attributes) {
    for (const std::string& value : attribute.values) fuzz::times(value);
  }
  fuzz::times(std::string(fuzz::text_of_input(bytes, size)));
  const std::string shown = ldap::printable(entry.dn);
  fuzz::require(!fuzz::holds_control(shown), "what a directory says goes into one line of a log");
  return 0;
}
