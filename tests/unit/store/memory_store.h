// The store's contract in its simplest form: what the LMDB store is compared with, and what the
// model of the protocol runs on. A value: a copy is another store in the same state.
#pragma once

#include <map>
#include <string>

#include "core/ports.h"
#include "core/watch_ledger.h"

namespace epoch::store {

// Deterministic; for one thread.
class MemoryStore : public core::SessionStore, public core::WatchLedger {
 public:
  explicit MemoryStore(const core::Hash256& instance = {}) : instance_(instance) {}

  core::Result<core::Hash256> instance() override;
  core::Result<core::StoreMoment> moment() override;
  core::Result<core::Look> find(const core::RecordKey& key) override;
  core::Result<core::Opened> open(const core::Opening& opening) override;
  core::Result<core::VerifyOutcome> note_verified(const core::Verification& verification) override;
  core::Result<bool> end(const core::RecordKey& key, core::EndReason reason,
                         core::TimePoint at) override;
  core::Result<core::Closed> close(const core::Closing& closing) override;
  core::Result<std::uint64_t> sweep(const core::Sweep& sweep, core::TimePoint at) override;
  core::Result<std::size_t> touch(std::span<const core::Touch> touches) override;
  core::Result<core::ListPage> list(const std::optional<core::RecordKey>& from,
                                    std::size_t limit) override;
  core::Result<core::IndexPage> list_of(const core::Identity& user, std::string_view zone,
                                        const std::optional<core::Position>& from,
                                        std::size_t limit) override;
  core::Result<core::IndexPage> list_by_name(std::string_view beginning,
                                             const std::optional<core::Position>& from,
                                             std::size_t limit) override;
  core::Result<core::Purged> purge(const std::optional<core::RecordKey>& from, std::size_t limit,
                                   core::TimePoint now) override;

  core::Result<std::optional<std::string>> watch_cookie(const core::WatchId& watch) override;
  core::Result<std::optional<core::WatchedEntry>> watched(const core::WatchId& watch,
                                                          const core::EntryUuid& uuid) override;
  core::Result<std::optional<core::WatchedEntry>> watched_by_dn(const core::WatchId& watch,
                                                                std::string_view dn) override;
  core::Result<core::WatchPage> list_watched(const core::WatchId& watch,
                                             const std::optional<core::EntryUuid>& from,
                                             std::size_t limit) override;
  core::Result<core::Done> apply(const core::WatchId& watch,
                                 const core::WatchChanges& changes) override;

  [[nodiscard]] const std::map<core::RecordKey, core::Record>& records() const noexcept {
    return records_;
  }

 private:
  struct Epoch {
    std::uint64_t value = 0;
    std::uint64_t commit = 0;
    core::EndReason reason = core::EndReason::EpochGrown;
  };
  struct Book {
    std::optional<std::string> cookie;
    std::map<core::EntryUuid, core::WatchedEntry> entries;
    std::map<std::string, core::EntryUuid> owners;  // of the folded DNs
  };

  static void erase(Book& book, const core::EntryUuid& uuid);
  [[nodiscard]] Epoch epoch(const std::string& name) const;
  [[nodiscard]] core::Epochs epochs(const core::Session& session) const;
  [[nodiscard]] std::optional<core::EndReason> outgrown(const core::Session& session) const;
  [[nodiscard]] bool is_live(const core::Hash256& root, const core::Opening& opening) const;
  [[nodiscard]] core::Record* record(const core::RecordKey& key);
  using Ordered = std::map<std::string, core::NamedSession>;
  static core::IndexPage page_of(const Ordered& all, const std::optional<core::Position>& from,
                                 std::size_t limit);
  [[nodiscard]] Ordered sessions_of(const core::Identity& user, std::string_view zone) const;
  // False where the limit denies the login.
  bool make_room(const core::Opening& opening, std::vector<core::NamedSession>& ending);
  void supersede(const core::RecordKey& key, const core::Opening& opening, core::Opened& opened);

  core::Hash256 instance_;
  std::uint64_t commits_ = 0;
  std::map<core::RecordKey, core::Record> records_;
  std::map<std::string, Epoch> epochs_;
  std::map<core::WatchId, Book> books_;
};

}  // namespace epoch::store
