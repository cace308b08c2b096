// Who is still there: finds the deletions that no message names.
#pragma once

#include <vector>

#include "core/result.h"
#include "core/watch_ledger.h"
#include "ldap/book.h"
#include "ldap/directory.h"

namespace epoch::ldap {

// Seventeen bytes an entry, for as long as one refresh takes. Of two calls of the same entry the
// later counts. For one thread.
class RollCall {
 public:
  void present(const core::EntryUuid& uuid) { calls_.push_back({uuid, false}); }

  // The server says that it has gone.
  void deleted(const core::EntryUuid& uuid) { calls_.push_back({uuid, true}); }

  // The refresh is complete. Ends the sessions of those that have gone: the deleted ones and, where
  // everybody present has been called (`complete`), all others that the ledger knows. Where that is
  // suspiciously many at once (kSuspicious) each is searched for by its DN first; where the base
  // cannot be read either, nothing is concluded: Unavailable. Leaves the last batch to be
  // committed with the cookie.
  core::Result<core::Done> conclude(bool complete, Book& book, Directory& directory,
                                    core::TimePoint now);

  // From so many known entries on, more than half of them gone at once are confirmed. So are fewer,
  // where nobody at all was present.
  static constexpr std::size_t kSuspicious = 10;

 private:
  struct Call {
    core::EntryUuid uuid;
    bool deleted;
  };
  struct Absent {
    std::size_t known = 0;
    std::vector<core::EntryUuid> gone;
    std::vector<core::EntryUuid> replaced;  // another entry has the DN now
  };

  void put_in_order();
  [[nodiscard]] const Call* find(const core::EntryUuid& uuid) const noexcept;
  core::Result<Absent> count_absent(bool complete, Book& book) const;
  [[nodiscard]] bool is_suspicious(const Absent& absent, bool complete) const noexcept;

  std::vector<Call> calls_;
};

}  // namespace epoch::ldap
