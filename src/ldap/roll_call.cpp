#include "ldap/roll_call.h"

#include <algorithm>

namespace epoch::ldap {
namespace {

using core::Done;
using core::EntryUuid;
using core::Result;

// Keeps those of `gone` that the directory does not find by their DN either.
Result<Done> confirm(std::vector<EntryUuid>& gone, Book& book, Directory& directory) {
  const Result<bool> base = directory.shows_base();
  if (!base) return base.error();
  if (!*base) {
    return core::Error{core::ErrorCode::Unavailable,
                       "most entries seem to have gone, but the base of AuthLDAPURL cannot be read "
                       "either: see whether AuthLDAPBindDN may still read it"};
  }
  std::vector<EntryUuid> confirmed;
  for (const EntryUuid& uuid : gone) {
    const Result<std::optional<core::WatchedEntry>> entry = book.find(uuid);
    if (!entry) return entry.error();
    if (!*entry) continue;
    const Result<bool> found = directory.finds((*entry)->dn);
    if (!found) return found.error();
    if (!*found) confirmed.push_back(uuid);
  }
  gone = std::move(confirmed);
  return Done{};
}

}  // namespace

Result<Done> RollCall::conclude(bool complete, Book& book, Directory& directory,
                                core::TimePoint now) {
  if (Result<Done> written = book.commit(std::nullopt, now); !written) return written;
  put_in_order();
  Result<Absent> absent = count_absent(complete, book);
  if (!absent) return absent.error();
  if (is_suspicious(*absent, complete)) {
    const std::size_t claimed = absent->gone.size();
    if (Result<Done> asked = confirm(absent->gone, book, directory); !asked) return asked;
    book.log()(Severity::Warning,
               std::to_string(claimed) + " of " + std::to_string(absent->known) +
                   " directory entries have gone at once. Each was looked for: " +
                   std::to_string(absent->gone.size()) +
                   " are really not found, and their accounts' sessions end. If this is no "
                   "reorganisation, see whether AuthLDAPBindDN may still read them.");
  }
  for (const EntryUuid& uuid : absent->replaced) {
    if (Result<Done> done = book.forget(uuid, now); !done) return done;
  }
  for (const EntryUuid& uuid : absent->gone) {
    if (Result<Done> done = book.gone(uuid, now); !done) return done;
  }
  return Done{};
}

void RollCall::put_in_order() {
  std::stable_sort(calls_.begin(), calls_.end(),
                   [](const Call& a, const Call& b) { return a.uuid < b.uuid; });
}

const RollCall::Call* RollCall::find(const EntryUuid& uuid) const noexcept {
  const auto after = std::upper_bound(
      calls_.begin(), calls_.end(), uuid,
      [](const EntryUuid& wanted, const Call& call) { return wanted < call.uuid; });
  if (after == calls_.begin() || std::prev(after)->uuid != uuid) return nullptr;
  return &*std::prev(after);
}

Result<RollCall::Absent> RollCall::count_absent(bool complete, Book& book) const {
  Absent absent;
  std::optional<EntryUuid> from;
  do {
    const Result<core::WatchPage> page = book.list(from);
    if (!page) return page.error();
    absent.known += page->entries.size();
    for (const core::WatchedEntry& entry : page->entries) {
      const Call* call = find(entry.uuid);
      if (call != nullptr && call->deleted) {
        absent.gone.push_back(entry.uuid);
      } else if (call == nullptr && complete) {
        const Result<bool> replaced = book.is_taken_over(entry);
        if (!replaced) return replaced.error();
        (*replaced ? absent.replaced : absent.gone).push_back(entry.uuid);
      }
    }
    from = page->next;
  } while (from);
  return absent;
}

bool RollCall::is_suspicious(const Absent& absent, bool complete) const noexcept {
  if (absent.gone.empty()) return false;
  const bool nobody =
      std::all_of(calls_.begin(), calls_.end(), [](const Call& call) { return call.deleted; });
  if (complete && nobody) return true;
  return absent.known >= kSuspicious && 2 * absent.gone.size() > absent.known;
}

}  // namespace epoch::ldap
