#include "ldap/poll_follower.h"

#include <utility>
#include <vector>

#include "ldap/directory_time.h"
#include "ldap/entry_uuid.h"

namespace epoch::ldap {
namespace {

using core::Done;
using core::Result;
using core::TimePoint;

std::vector<const char*> attributes_with(const std::string& time_stamp) {
  std::vector<const char*> names(state_attributes().begin(), state_attributes().end());
  names.insert(names.end(), uuid_attributes().begin(), uuid_attributes().end());
  names.push_back(time_stamp.c_str());
  return names;
}

}  // namespace

PollFollower::PollFollower(Book& book, const StateKey& key, std::string filter,
                           std::string time_stamp)
    : book_(book), key_(key), filter_(std::move(filter)), time_stamp_(std::move(time_stamp)) {}

Result<Done> PollFollower::poll(Directory& directory, TimePoint now) {
  const bool whole = !latest_ || polls_until_full_ == 0;
  Result<Done> done = whole ? read_everybody(directory, now) : read_changes(directory, now);
  if (!done) {
    book_.discard();
    polls_until_full_ = 0;
  }
  return done;
}

Result<Done> PollFollower::read_everybody(Directory& directory, TimePoint now) {
  RollCall roll;
  const Result<Done> read =
      directory.search(filter_, attributes_with(time_stamp_), [&](const DirectoryEntry& entry) {
        roll.present(uuid_of(entry));
        return show(entry, now);
      });
  if (!read) return read;
  if (Result<Done> called = roll.conclude(true, book_, directory, now); !called) return called;
  polls_until_full_ = kFullEvery - 1;
  return book_.commit(std::nullopt, now);
}

Result<Done> PollFollower::read_changes(Directory& directory, TimePoint now) {
  --polls_until_full_;
  const std::string since = generalized_time(*latest_ - core::Seconds(1));
  const Result<Done> read = directory.search(
      "(&" + filter_ + "(" + time_stamp_ + ">=" + since + "))", attributes_with(time_stamp_),
      [&](const DirectoryEntry& entry) { return show(entry, now); });
  if (!read) return read;
  if (Result<Done> written = book_.commit(std::nullopt, now); !written) return written;
  if (book_.tally().entries <= kSmall) {
    const Result<bool> known = call_roll(directory, now);
    if (!known) return known.error();
    if (!*known) return read_everybody(directory, now);
  }
  return book_.commit(std::nullopt, now);
}

Result<bool> PollFollower::call_roll(Directory& directory, TimePoint now) {
  RollCall roll;
  bool all_known = true;
  const Result<Done> read = directory.search(
      filter_, uuid_attributes(), [&](const DirectoryEntry& entry) -> Result<Done> {
        const core::EntryUuid uuid = uuid_of(entry);
        const Result<std::optional<core::WatchedEntry>> known = book_.find(uuid);
        if (!known) return known.error();
        all_known = all_known && *known && (*known)->dn == entry.dn;
        roll.present(uuid);
        return Done{};
      });
  if (!read) return read.error();
  if (!all_known) return false;
  const Result<Done> called = roll.conclude(true, book_, directory, now);
  if (!called) return called.error();
  return true;
}

Result<Done> PollFollower::show(const DirectoryEntry& entry, TimePoint now) {
  const std::optional<TimePoint> stamp = parse_generalized_time(entry.first(time_stamp_));
  if (stamp && (!latest_ || *stamp > *latest_)) latest_ = stamp;
  return book_.shown(
      {.uuid = uuid_of(entry), .dn = entry.dn, .standing = standing_of(entry, key_, now)}, now);
}

}  // namespace epoch::ldap
