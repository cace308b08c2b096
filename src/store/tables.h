// The store's tables as one transaction sees them: sessions (RecordKey -> record), epochs (hash of
// whose epoch -> value, the commit that last raised it, and why), meta (format, instance); the
// indexes of sessions, which session_index.h has; and the watcher's, which ledger.h has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.h"
#include "core/watch_ledger.h"
#include "store/lmdb_handles.h"

namespace epoch::store {

class Environment;
class Ledger;
class SessionIndex;

inline constexpr unsigned kTableCount = 8;

struct Layout {
  std::uint32_t format = 0;
  core::Hash256 instance{};
  std::uint64_t short_instance = 0;  // its first eight bytes, for moments
  MDB_dbi sessions = 0;
  MDB_dbi sessions_by_user = 0;
  MDB_dbi sessions_by_name = 0;
  MDB_dbi epochs = 0;
  MDB_dbi watched = 0;
  MDB_dbi watched_names = 0;
  MDB_dbi watch_cookies = 0;
};

// nullopt where the file has no tables yet. Of another format, only `format` is filled. The handles
// last when the transaction is committed, also a reading one.
core::Result<std::optional<Layout>> open_tables(MDB_txn* txn, const std::string& directory);

// Makes the tables of a new store, with a random instance.
core::Result<Layout> make_tables(MDB_txn* txn, const std::string& directory);

struct Epoch {
  std::uint64_t value = 0;
  std::uint64_t commit = 0;
  core::EndReason reason = core::EndReason::EpochGrown;
};

// What stands under a key of the tables of sessions and epochs; nullopt where that is damaged.
std::optional<core::Record> read_record(const core::Hash256& instance, core::Bytes key,
                                        core::Bytes bytes);
std::optional<Epoch> read_epoch(const core::Hash256& instance, core::Bytes key, core::Bytes bytes);

// Whose it is stands in the key.
struct KeyedEpoch {
  core::Hash256 key;
  Epoch epoch;
};

// The epochs that bear on a session.
struct EpochsNow {
  Epoch store;
  Epoch zone;
  Epoch user;
  Epoch account;

  [[nodiscard]] core::Epochs values() const noexcept;
  [[nodiscard]] std::uint64_t grown() const noexcept;  // the commit at which one last grew
};

// Where they stand.
struct EpochKeys {
  core::Hash256 zone{};
  core::Hash256 user{};
  std::optional<core::Hash256> account = {};
};
EpochKeys epoch_keys_of(const core::Identity& user, std::string_view zone);

// Belongs to one transaction and is used by its thread alone.
class Tables {
 public:
  Tables(Environment& environment, MDB_txn* txn) noexcept : environment_(environment), txn_(txn) {}

  // Names this transaction: of the last commit that it sees or, where it writes, of its own.
  [[nodiscard]] core::StoreMoment moment() const noexcept;

  // Damaged where the bytes are not a record.
  [[nodiscard]] core::Result<std::optional<core::Record>> record(const core::RecordKey& key) const;

  // The same in two steps: the bytes last as long as the transaction.
  [[nodiscard]] core::Result<std::optional<std::string_view>> record_bytes(
      const core::RecordKey& key) const;
  [[nodiscard]] core::Result<core::Record> decoded(const core::RecordKey& key,
                                                   std::string_view bytes) const;

  [[nodiscard]] core::Result<EpochsNow> epochs(const core::Identity& user,
                                               std::string_view zone) const;

  // Why one of the session's epochs has grown since it was opened; nullopt where none has.
  [[nodiscard]] core::Result<std::optional<core::EndReason>> outgrown(
      const core::Session& session) const;
  // For whoever knows the keys of its epochs.
  [[nodiscard]] core::Result<std::optional<core::EndReason>> outgrown(const core::Session& session,
                                                                      const EpochKeys& keys) const;

  // The indexes follow.
  core::Result<core::Done> put(const core::RecordKey& key, const core::Record& record);
  core::Result<core::Done> erase(const core::RecordKey& key);

  // Raises the epoch that the sweep reaches and answers its new value.
  core::Result<std::uint64_t> raise_epoch(const core::Sweep& sweep);
  core::Result<std::uint64_t> raise_epoch(const core::Revocation& revocation);

  // Every epoch that was ever raised.
  [[nodiscard]] core::Result<std::vector<KeyedEpoch>> all_epochs() const;
  // Raises an epoch to this value, if it is not there yet, as a commit of this transaction.
  core::Result<core::Done> raise_epoch_to(const KeyedEpoch& wanted);

  // False where a new session (with a record of so many bytes, and so many others that end with
  // it), or a new entry of the ledger, would use up the room that logouts need.
  [[nodiscard]] core::Result<bool> room_for_a_session(std::size_t bytes, std::size_t ending);
  [[nodiscard]] core::Result<bool> room_for_an_entry();

  // The indexes, and the watcher's tables, in the same transaction.
  [[nodiscard]] SessionIndex session_index() const noexcept;
  [[nodiscard]] Ledger ledger(const core::WatchId& watch) const noexcept;

  // A cursor over the sessions that stands before `from`, or before the first.
  class Scan {
   public:
    struct Entry {
      core::RecordKey key;
      core::Record record;
    };
    // nullopt after the last one.
    core::Result<std::optional<Entry>> next();

   private:
    friend class Tables;
    Scan(Environment& environment, CursorHandle cursor, std::optional<core::RecordKey> from)
        : environment_(environment), cursor_(std::move(cursor)), from_(from) {}

    Environment& environment_;
    CursorHandle cursor_;
    std::optional<core::RecordKey> from_;
  };
  [[nodiscard]] core::Result<Scan> scan(const std::optional<core::RecordKey>& from) const;

 private:
  [[nodiscard]] core::Result<EpochsNow> epochs(const EpochKeys& keys) const;
  [[nodiscard]] core::Result<Epoch> epoch(const core::Hash256& key) const;
  core::Result<std::uint64_t> raise(const core::Hash256& key, core::EndReason reason);
  core::Result<core::Done> index(const core::RecordKey& key, const core::Record* after);
  core::Result<core::Done> put_epoch(const core::Hash256& key, const Epoch& epoch);
  core::Result<bool> take_pages(std::size_t pages);

  Environment& environment_;
  MDB_txn* txn_;
  std::optional<std::size_t> free_pages_;  // of a store that is nearly full
};

}  // namespace epoch::store
