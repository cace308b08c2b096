// Follows a directory that offers no content synchronisation, by asking it again and again.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "ldap/book.h"
#include "ldap/directory.h"
#include "ldap/roll_call.h"

namespace epoch::ldap {

// Each poll asks for the entries changed since the last one, by the server's own time stamps, which
// count whole seconds: a second is asked for twice, and what is seen again is no change. Who was
// deleted, renamed with a parent, or has left the filter is found by calling the roll: at every
// poll up to kSmall entries, else at every kFullEvery-th poll. Every kFullEvery-th poll reads
// everybody's whole state: for changes that carry no time stamp, or an older one (replication, AD's
// lockoutTime). So the bound is the interval for a change with a time stamp, for a small directory
// also for a deletion, and kFullEvery intervals for everything else.
//
// Where the server shows no time stamps, every poll reads everything. A restart reads everything,
// so no cookie is kept.
class PollFollower {
 public:
  static constexpr std::size_t kSmall = 10'000;
  static constexpr unsigned kFullEvery = 10;

  // `filter` finds everybody; `time_stamp` is modifyTimestamp, or whenChanged (Active Directory).
  PollFollower(Book& book, const StateKey& key, std::string filter, std::string time_stamp);

  // One poll. The first one reads everything, and so does the one after an error; an error
  // concludes nothing beyond what the directory has shown.
  core::Result<core::Done> poll(Directory& directory, core::TimePoint now);

 private:
  core::Result<core::Done> read_everybody(Directory& directory, core::TimePoint now);
  core::Result<core::Done> read_changes(Directory& directory, core::TimePoint now);
  // Whether the ledger knows them all by UUID and DN; if not, nothing has been concluded.
  core::Result<bool> call_roll(Directory& directory, core::TimePoint now);
  core::Result<core::Done> show(const DirectoryEntry& entry, core::TimePoint now);

  Book& book_;
  const StateKey& key_;
  const std::string filter_;
  const std::string time_stamp_;
  std::optional<core::TimePoint> latest_;  // the latest time stamp seen
  unsigned polls_until_full_ = 0;
};

}  // namespace epoch::ldap
