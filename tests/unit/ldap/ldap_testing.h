// What the watcher's tests share: a ledger that keeps what was applied and can be full, a directory
// that answers from a list, entries to show.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/watch_ledger.h"
#include "ldap/account_state.h"
#include "ldap/book.h"
#include "ldap/directory.h"
#include "store/memory_store.h"

namespace epoch::ldap {

inline constexpr core::TimePoint kNoon{core::Seconds(1'800'000'000)};
inline constexpr std::string_view kUrl = "ldap://localhost/dc=example,dc=org?uid";

inline StateKey test_key() { return StateKey(core::sha256({core::bytes_of("key")})); }

// Entry `number`, and what stands in its DN.
core::EntryUuid uuid(std::uint8_t number);
std::string dn(std::uint8_t number);

// Entry `number` as a search returns it, in mint condition.
DirectoryEntry entry(std::uint8_t number);
DirectoryEntry with(DirectoryEntry entry, const std::string& name, const std::string& value);

class TestLedger final : public store::MemoryStore {
 public:
  core::Result<core::Done> apply(const core::WatchId& watch,
                                 const core::WatchChanges& changes) override;

  // "dn: reason" of what was ended since the last call, for the DNs of dn().
  std::vector<std::string> ended();

  bool is_full = false;     // takes revocations alone
  std::size_t applied = 0;  // how often something was written
  std::size_t largest = 0;  // entries in one transaction

 private:
  std::vector<core::Revocation> revocations_;
};

class TestDirectory final : public Directory {
 public:
  core::Result<core::Done> search(const std::string& filter,
                                  std::span<const char* const> attributes,
                                  const Each& each) override;
  core::Result<bool> finds(const std::string& dn) override;
  core::Result<bool> shows_base() override { return base_is_shown; }

  std::vector<DirectoryEntry> entries;
  std::vector<std::string> asked;  // the filters, and DNs that were looked for
  bool base_is_shown = true;
  bool hides = false;                           // searches find nobody, although they are there
  std::optional<std::size_t> breaks_off_after;  // entries
};

struct LogLine {
  Severity severity;
  std::string text;
};

// A book in a ledger, what it logs, and whom it tells to have been ended.
struct TestBook {
  TestLedger ledger;
  std::vector<LogLine> lines;
  std::vector<std::string> told;  // "dn: reason"
  Book book{ledger, core::sha256({}), std::string(kUrl),
            [this](Severity severity, const std::string& text) {
              lines.push_back({severity, text});
            },
            [this](const EndedAccount& account) {
              told.push_back(std::string(account.dn) + ": " +
                             std::string(core::to_string(account.reason)));
            }};
};

}  // namespace epoch::ldap
