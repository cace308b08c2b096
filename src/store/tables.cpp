#include "store/tables.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "store/check_value.h"
#include "store/environment.h"
#include "store/ledger.h"
#include "store/lmdb_errors.h"
#include "store/session_index.h"
#include "store/verification.h"

namespace epoch::store {
namespace {

using core::bytes_of;
using core::Done;
using core::Error;
using core::ErrorCode;
using core::Hash256;
using core::Record;
using core::RecordKey;
using core::Result;

constexpr char kMetaTable[] = "meta";
constexpr char kSessionsTable[] = "sessions";
constexpr char kSessionsByUserTable[] = "sessions by user";
constexpr char kSessionsByNameTable[] = "sessions by name";
constexpr char kEpochsTable[] = "epochs";
constexpr char kWatchedTable[] = "watched";
constexpr char kWatchedNamesTable[] = "watched names";
constexpr char kWatchCookiesTable[] = "watch cookies";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kInstanceKey = "instance";

// A new session copies or adds no more pages than this: its leaf, the root's, one in each index,
// what splits, and the list of free pages. A record that fits no leaf, as the variables of a
// directory can make it, gets pages of its own.
constexpr std::size_t kPagesOfASession = 14;
constexpr std::size_t kBytesOfAPage = 4096;
// The leaf of a session that ends, and one in each index.
constexpr std::size_t kPagesOfAnEnd = 3;
// The same of an entry of the ledger: a leaf in each of two tables, and what splits now and then.
constexpr std::size_t kPagesOfAnEntry = 3;

template <typename Integer>
void put_integer(std::uint8_t* at, Integer value) noexcept {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    at[i] = static_cast<std::uint8_t>((value >> (8 * i)) & 0xffU);
  }
}

template <typename Integer>
Integer get_integer(const std::uint8_t* at) noexcept {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) value |= Integer{at[i]} << (8 * i);
  return value;
}

using EpochBytes = std::array<std::uint8_t, 17>;

EpochBytes encode_epoch(const Epoch& epoch) noexcept {
  EpochBytes bytes{};
  put_integer(bytes.data(), epoch.value);
  put_integer(bytes.data() + 8, epoch.commit);
  bytes[16] = static_cast<std::uint8_t>(epoch.reason);
  return bytes;
}

// Hashed, so that names of any length make a key of one length.
const Hash256& store_epoch_key() {
  static const Hash256 key = core::sha256({bytes_of("store")});
  return key;
}
Hash256 zone_epoch_key(std::string_view zone) {
  return core::sha256({bytes_of("zone"), bytes_of(zone)});
}
Hash256 user_epoch_key(std::string_view zone, std::string_view subject) {
  return core::sha256({bytes_of("user"), bytes_of(zone), bytes_of(subject)});
}
Hash256 account_epoch_key(const core::AccountId& account) {
  return core::sha256({bytes_of("account"), account});
}

Hash256 key_of(const core::Sweep& sweep) {
  switch (sweep.reach) {
    case core::Reach::UserInZone:
      return user_epoch_key(sweep.zone, sweep.subject);
    case core::Reach::Zone:
      return zone_epoch_key(sweep.zone);
    case core::Reach::Everything:
      break;
  }
  return store_epoch_key();
}

Error no_store_of_ours(const std::string& directory, std::string_view what) {
  return {ErrorCode::Damaged,
          "The session store in " + directory + " has no " + std::string(what) + "."};
}

// All but meta, by name.
std::array<std::pair<const char*, MDB_dbi*>, kTableCount - 1> tables_of(Layout& layout) noexcept {
  return {{{kSessionsTable, &layout.sessions},
           {kSessionsByUserTable, &layout.sessions_by_user},
           {kSessionsByNameTable, &layout.sessions_by_name},
           {kEpochsTable, &layout.epochs},
           {kWatchedTable, &layout.watched},
           {kWatchedNamesTable, &layout.watched_names},
           {kWatchCookiesTable, &layout.watch_cookies}}};
}

std::optional<core::Bytes> get(MDB_txn* txn, MDB_dbi table, std::string_view name, int& code) {
  MDB_val key = val_of(name);
  MDB_val value{};
  code = mdb_get(txn, table, &key, &value);
  if (code != MDB_SUCCESS) return std::nullopt;
  return store::bytes_of(value);
}

}  // namespace

Result<std::optional<Layout>> open_tables(MDB_txn* txn, const std::string& directory) {
  const auto failed = [&](int code, std::string_view what) {
    if (code == MDB_NOTFOUND) return no_store_of_ours(directory, what);
    return lmdb_error(code, "be opened", directory);
  };
  MDB_dbi names = 0;
  MDB_stat status{};
  int code = mdb_dbi_open(txn, nullptr, 0, &names);
  if (code == MDB_SUCCESS) code = mdb_stat(txn, names, &status);
  if (code != MDB_SUCCESS) return failed(code, "list of tables");
  if (status.ms_entries == 0) return std::optional<Layout>();

  Layout layout;
  MDB_dbi meta = 0;
  code = mdb_dbi_open(txn, kMetaTable, 0, &meta);
  if (code != MDB_SUCCESS) return failed(code, "meta table");
  const std::optional<core::Bytes> format = get(txn, meta, kFormatKey, code);
  if (!format) return failed(code, "format version");
  if (format->size() != sizeof layout.format) return no_store_of_ours(directory, "format version");
  layout.format = get_integer<std::uint32_t>(format->data());
  if (layout.format != kFormatVersion) return std::optional(layout);

  const std::optional<core::Bytes> instance = get(txn, meta, kInstanceKey, code);
  if (!instance) return failed(code, "instance");
  if (instance->size() != layout.instance.size()) return no_store_of_ours(directory, "instance");
  std::copy(instance->begin(), instance->end(), layout.instance.begin());
  layout.short_instance = get_integer<std::uint64_t>(layout.instance.data());

  for (const auto& [name, table] : tables_of(layout)) {
    code = mdb_dbi_open(txn, name, 0, table);
    if (code != MDB_SUCCESS) return failed(code, "table of " + std::string(name));
  }
  return std::optional(layout);
}

Result<Layout> make_tables(MDB_txn* txn, const std::string& directory) {
  Layout layout;
  layout.format = kFormatVersion;
  if (::getentropy(layout.instance.data(), layout.instance.size()) != 0) {
    return system_error(errno, "draw random bytes for", directory);
  }
  layout.short_instance = get_integer<std::uint64_t>(layout.instance.data());
  std::array<std::uint8_t, sizeof layout.format> format{};
  put_integer(format.data(), layout.format);

  MDB_dbi meta = 0;
  const auto put = [&](std::string_view name, core::Bytes bytes) {
    MDB_val key = val_of(name);
    MDB_val value = val_of(bytes);
    return mdb_put(txn, meta, &key, &value, 0);
  };
  int code = mdb_dbi_open(txn, kMetaTable, MDB_CREATE, &meta);
  if (code == MDB_SUCCESS) code = put(kFormatKey, format);
  if (code == MDB_SUCCESS) code = put(kInstanceKey, layout.instance);
  for (const auto& [name, table] : tables_of(layout)) {
    if (code == MDB_SUCCESS) code = mdb_dbi_open(txn, name, MDB_CREATE, table);
  }
  if (code != MDB_SUCCESS) return lmdb_error(code, "be made", directory);
  return layout;
}

std::optional<Record> read_record(const Hash256& instance, core::Bytes key, core::Bytes bytes) {
  const std::optional<core::Bytes> value = checked_value(instance, key, bytes);
  return value ? core::decode_record(*value) : std::nullopt;
}

std::optional<Epoch> read_epoch(const Hash256& instance, core::Bytes key, core::Bytes bytes) {
  const std::optional<core::Bytes> value = checked_value(instance, key, bytes);
  if (!value || value->size() != EpochBytes().size()) return std::nullopt;
  const auto reason = static_cast<core::EndReason>((*value)[16]);
  if (!core::is_end_reason(reason)) return std::nullopt;
  return Epoch{.value = get_integer<std::uint64_t>(value->data()),
               .commit = get_integer<std::uint64_t>(value->data() + 8),
               .reason = reason};
}

EpochKeys epoch_keys_of(const core::Identity& user, std::string_view zone) {
  EpochKeys keys{.zone = zone_epoch_key(zone),
                 .user = user_epoch_key(zone, core::subject_of(user))};
  if (user.account) keys.account = account_epoch_key(*user.account);
  return keys;
}

core::Epochs EpochsNow::values() const noexcept {
  return {.store = store.value, .zone = zone.value, .user = user.value, .account = account.value};
}

std::uint64_t EpochsNow::grown() const noexcept {
  return std::max({store.commit, zone.commit, user.commit, account.commit});
}

core::StoreMoment Tables::moment() const noexcept {
  return {.instance = environment_.layout().short_instance, .commit = mdb_txn_id(txn_)};
}

Result<std::optional<std::string_view>> Tables::record_bytes(const RecordKey& key) const {
  MDB_val name = val_of(key.value);
  MDB_val value{};
  const int code = mdb_get(txn_, environment_.layout().sessions, &name, &value);
  if (code == MDB_NOTFOUND) return std::optional<std::string_view>();
  if (code != MDB_SUCCESS) return environment_.failed(code, "read a session");
  return std::optional(core::text_of(store::bytes_of(value)));
}

Result<Record> Tables::decoded(const RecordKey& key, std::string_view bytes) const {
  std::optional<Record> record =
      read_record(environment_.layout().instance, key.value, bytes_of(bytes));
  if (!record) return environment_.met_damage("record " + core::short_id(key));
  return *std::move(record);
}

Result<std::optional<Record>> Tables::record(const RecordKey& key) const {
  const Result<std::optional<std::string_view>> bytes = record_bytes(key);
  if (!bytes) return bytes.error();
  if (!*bytes) return std::optional<Record>();
  Result<Record> record = decoded(key, **bytes);
  if (!record) return record.error();
  return std::optional(*std::move(record));
}

Result<EpochsNow> Tables::epochs(const core::Identity& user, std::string_view zone) const {
  return epochs(epoch_keys_of(user, zone));
}

Result<EpochsNow> Tables::epochs(const EpochKeys& keys) const {
  const Result<Epoch> of_store = epoch(store_epoch_key());
  if (!of_store) return of_store.error();
  const Result<Epoch> of_zone = epoch(keys.zone);
  if (!of_zone) return of_zone.error();
  const Result<Epoch> of_user = epoch(keys.user);
  if (!of_user) return of_user.error();
  Result<Epoch> of_account = Epoch{};
  if (keys.account) {
    of_account = epoch(*keys.account);
    if (!of_account) return of_account.error();
  }
  return EpochsNow{.store = *of_store, .zone = *of_zone, .user = *of_user, .account = *of_account};
}

Result<std::optional<core::EndReason>> Tables::outgrown(const core::Session& session) const {
  return outgrown(session, epoch_keys_of(session.identity, session.zone));
}

Result<std::optional<core::EndReason>> Tables::outgrown(const core::Session& session,
                                                        const EpochKeys& keys) const {
  const Result<EpochsNow> now = epochs(keys);
  if (!now) return now.error();
  const core::Epochs& then = session.opened_under;
  std::optional<core::EndReason> reason;
  if (now->store.value != then.store) reason = now->store.reason;
  if (now->zone.value != then.zone) reason = now->zone.reason;
  if (now->user.value != then.user) reason = now->user.reason;
  if (now->account.value != then.account) reason = now->account.reason;
  return reason;
}

Result<Done> Tables::put(const RecordKey& key, const Record& record) {
  if (Result<Done> indexed = index(key, &record); !indexed) return indexed;
  const std::string bytes =
      with_check_value(environment_.layout().instance, key.value, bytes_of(core::encode(record)));
  MDB_val name = val_of(key.value);
  MDB_val value = val_of(bytes);
  const int code = mdb_put(txn_, environment_.layout().sessions, &name, &value, 0);
  if (code != MDB_SUCCESS) return environment_.failed(code, "write a session");
  return Done{};
}

Result<Done> Tables::erase(const RecordKey& key) {
  if (Result<Done> indexed = index(key, nullptr); !indexed) return indexed;
  MDB_val name = val_of(key.value);
  const int code = mdb_del(txn_, environment_.layout().sessions, &name, nullptr);
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) {
    return environment_.failed(code, "remove a session");
  }
  return Done{};
}

// Before the record is written, as what stands there now says what stands in the indexes.
Result<Done> Tables::index(const RecordKey& key, const Record* after) {
  const Result<std::optional<Record>> before = record(key);
  if (!before) return before.error();
  return session_index().replace(*before ? index_keys_of(key, **before) : std::nullopt,
                                 after == nullptr ? std::nullopt : index_keys_of(key, *after));
}

Result<std::uint64_t> Tables::raise_epoch(const core::Sweep& sweep) {
  return raise(key_of(sweep), sweep.reason);
}

Result<std::uint64_t> Tables::raise_epoch(const core::Revocation& revocation) {
  return raise(account_epoch_key(revocation.account), revocation.reason);
}

Result<std::uint64_t> Tables::raise(const Hash256& key, core::EndReason reason) {
  const Result<Epoch> before = epoch(key);
  if (!before) return before.error();
  const Epoch raised{.value = before->value + 1, .commit = mdb_txn_id(txn_), .reason = reason};
  if (Result<Done> put = put_epoch(key, raised); !put) return put.error();
  return raised.value;
}

Result<Done> Tables::raise_epoch_to(const KeyedEpoch& wanted) {
  const Result<Epoch> before = epoch(wanted.key);
  if (!before) return before.error();
  if (before->value >= wanted.epoch.value) return Done{};
  Epoch raised = wanted.epoch;
  raised.commit = mdb_txn_id(txn_);
  return put_epoch(wanted.key, raised);
}

Result<Done> Tables::put_epoch(const Hash256& key, const Epoch& epoch) {
  const std::string bytes =
      with_check_value(environment_.layout().instance, key, encode_epoch(epoch));
  MDB_val name = val_of(key);
  MDB_val value = val_of(bytes);
  const int code = mdb_put(txn_, environment_.layout().epochs, &name, &value, 0);
  if (code != MDB_SUCCESS) return environment_.failed(code, "raise an epoch");
  return Done{};
}

Result<std::vector<KeyedEpoch>> Tables::all_epochs() const {
  CursorHandle cursor;
  int code = open_cursor(txn_, environment_.layout().epochs, cursor);
  if (code != MDB_SUCCESS) return environment_.failed(code, "list epochs");
  std::vector<KeyedEpoch> epochs;
  MDB_val name{};
  MDB_val value{};
  while ((code = mdb_cursor_get(cursor.get(), &name, &value, MDB_NEXT)) == MDB_SUCCESS) {
    const core::Bytes key = store::bytes_of(name);
    const std::optional<Epoch> epoch =
        read_epoch(environment_.layout().instance, key, store::bytes_of(value));
    KeyedEpoch keyed{.key = {}, .epoch = epoch.value_or(Epoch{})};
    if (!epoch || key.size() != keyed.key.size()) return environment_.met_damage("an epoch");
    std::copy(key.begin(), key.end(), keyed.key.begin());
    epochs.push_back(keyed);
  }
  if (code != MDB_NOTFOUND) return environment_.failed(code, "list epochs");
  return epochs;
}

Result<bool> Tables::room_for_a_session(std::size_t bytes, std::size_t ending) {
  return take_pages(kPagesOfASession + bytes / kBytesOfAPage + kPagesOfAnEnd * ending);
}

Result<bool> Tables::room_for_an_entry() { return take_pages(kPagesOfAnEntry); }

SessionIndex Tables::session_index() const noexcept { return {environment_, txn_}; }

Ledger Tables::ledger(const core::WatchId& watch) const noexcept {
  return Ledger(environment_, txn_, book_of(watch));
}

Result<bool> Tables::take_pages(std::size_t pages) {
  if (!free_pages_) {
    const Result<std::size_t> free = environment_.pages_for_sessions();
    if (!free) return free.error();
    free_pages_ = *free;
  }
  if (*free_pages_ < pages) return false;
  *free_pages_ -= pages;
  return true;
}

Result<Tables::Scan> Tables::scan(const std::optional<RecordKey>& from) const {
  CursorHandle cursor;
  const int code = open_cursor(txn_, environment_.layout().sessions, cursor);
  if (code != MDB_SUCCESS) return environment_.failed(code, "list sessions");
  return Scan(environment_, std::move(cursor), from);
}

Result<std::optional<Tables::Scan::Entry>> Tables::Scan::next() {
  MDB_val name{};
  MDB_val value{};
  if (from_) name = val_of(from_->value);
  const int code = mdb_cursor_get(cursor_.get(), &name, &value, from_ ? MDB_SET_RANGE : MDB_NEXT);
  from_.reset();
  if (code == MDB_NOTFOUND) return std::optional<Entry>();
  if (code != MDB_SUCCESS) return environment_.failed(code, "list sessions");
  Entry entry;
  if (name.mv_size != entry.key.value.size()) return environment_.met_damage("a session's key");
  const core::Bytes key = store::bytes_of(name);
  std::copy(key.begin(), key.end(), entry.key.value.begin());
  std::optional<Record> record =
      read_record(environment_.layout().instance, key, store::bytes_of(value));
  if (!record) return environment_.met_damage("record " + core::short_id(entry.key));
  entry.record = *std::move(record);
  return std::optional(std::move(entry));
}

Result<Epoch> Tables::epoch(const Hash256& key) const {
  MDB_val name = val_of(key);
  MDB_val value{};
  const int code = mdb_get(txn_, environment_.layout().epochs, &name, &value);
  if (code == MDB_NOTFOUND) return Epoch{};
  if (code != MDB_SUCCESS) return environment_.failed(code, "read an epoch");
  const std::optional<Epoch> epoch =
      read_epoch(environment_.layout().instance, key, store::bytes_of(value));
  if (!epoch) return environment_.met_damage("an epoch");
  return *epoch;
}

}  // namespace epoch::store
