// Sessions and epochs in LMDB: shared by all processes of one machine, read without locks, and
// durable before any method returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "core/ports.h"
#include "core/watch_ledger.h"
#include "store/contents.h"
#include "store/environment.h"
#include "store/group_commit.h"
#include "store/store_directory.h"
#include "store/store_options.h"

namespace epoch::store {

// One a process, made after the fork and as httpd's User. Where the store cannot be opened the
// object exists all the same, answers Unavailable, and tries again, at most once a second, when it
// is next asked. Thread-safe.
class LmdbStore final : public core::SessionStore, public core::WatchLedger {
 public:
  static constexpr std::uint64_t kOnlyWhenDamaged = std::numeric_limits<std::uint64_t>::max();

  explicit LmdbStore(StoreOptions options);

  core::Result<core::Hash256> instance() override;
  core::Result<core::StoreMoment> moment() override;
  core::Result<core::Look> find(const core::RecordKey& key) override;
  core::Result<core::Opened> open(const core::Opening& opening) override;
  core::Result<core::VerifyOutcome> note_verified(const core::Verification& verification) override;
  core::Result<bool> end(const core::RecordKey& key, core::EndReason reason,
                         core::TimePoint at) override;
  core::Result<core::Closed> close(const core::Closing& closing) override;
  core::Result<std::uint64_t> sweep(const core::Sweep& sweep, core::TimePoint at) override;
  // In transactions of a bounded size, so that nobody waits long: on an error some may have moved.
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
  // Where a store that is nearly full has no room for the entries, answers Unavailable and has done
  // nothing. The caller then applies the revocations alone, which find room as logouts do: they
  // must not wait for the rest.
  core::Result<core::Done> apply(const core::WatchId& watch,
                                 const core::WatchChanges& changes) override;

  // For epochctl: everything but the ledger, of one moment; and putting it where there is nothing.
  core::Result<Contents> contents();
  // False where there are sessions already: then nothing was written.
  core::Result<bool> fill(const Contents& contents);

  // For whoever begins to watch: forgets what was watched under another configuration.
  core::Result<core::Done> keep_watches(std::span<const core::WatchId> watches);

  // For a timer in one process. Where some process has met damage, and each time that all processes
  // together have called this so often, reads the whole store through and sets it aside if that
  // fails; where the file was taken away, begins anew. Otherwise cheap. What goes wrong has been
  // logged already.
  core::Result<core::Done> heal(std::uint64_t calls_a_reading = kOnlyWhenDamaged);

  // For a timer in every process. Who only reads would go on with a file that others have replaced,
  // and admit a session that one of them has ended. One system call; what goes wrong is logged, and
  // answered to whoever asks next.
  void notice_removal();

  // For a timer in one process: frees the reader slots of killed processes. Answers how many.
  core::Result<std::size_t> reader_check();

 private:
  using Lease = std::shared_ptr<Environment>;

  // The reading ends before the lease.
  struct LeasedReading {
    Lease lease;
    Environment::Reading reading;
  };

  core::Result<Lease> lease();
  core::Result<LeasedReading> begin_reading();
  core::Result<Lease> reopen();
  core::Result<Lease> lease_for_writing();
  core::Result<core::Done> examine(Environment& environment);
  template <typename T>
  core::Result<T> read(const std::function<core::Result<T>(Tables&)>& operation);
  template <typename T>
  core::Result<T> write(const std::function<core::Result<T>(Tables&)>& operation);
  void commit(std::span<CommitRequest* const> requests);

  const StoreOptions options_;
  GroupCommit group_commit_;

  std::shared_mutex environment_mutex_;  // held only to copy or swap the pointer
  Lease environment_;

  std::mutex reopening_;  // guards what follows
  std::optional<core::Error> last_failure_;
  std::chrono::steady_clock::time_point next_attempt_{};
  std::shared_ptr<const std::atomic<bool>> must_close_first_;
  std::chrono::steady_clock::time_point closes_by_{};  // nobody waits longer for that
};

}  // namespace epoch::store
