#include "store/session_index.h"

#include <algorithm>

#include "core/text.h"
#include "store/environment.h"

namespace epoch::store {
namespace {

using core::bytes_of;
using core::Done;
using core::IndexPage;
using core::NamedSession;
using core::Position;
using core::RecordKey;
using core::Result;

constexpr std::size_t kGroupBytes = 16;
constexpr std::size_t kEpochBytes = 6;
constexpr std::size_t kTimeBytes = 5;
constexpr std::size_t kIdBytes = 10;
constexpr std::size_t kUserKeyBytes = kGroupBytes + kEpochBytes + kTimeBytes + kIdBytes;
constexpr std::size_t kLongestKey = 511;  // LMDB's
constexpr std::size_t kLongestName = kLongestKey - kUserKeyBytes - 1;
// What one page looks at: an entry or, of sessions that have been outgrown, a user in a zone.
constexpr std::size_t kMostLookedAt = 4096;

// The highest byte first, so that keys are in the order of the numbers.
std::string number_in(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = bytes; i-- > 0;) {
    text.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
  }
  return text;
}

// Epochs only grow: two sums are equal where none of the four has grown, and only there.
std::string epoch_text(const core::Epochs& epochs) {
  return number_in(epochs.store + epochs.zone + epochs.user + epochs.account, kEpochBytes);
}

std::string group_of(const core::Identity& user, std::string_view zone) {
  const core::Hash256 hash = core::sha256({bytes_of(zone), bytes_of(core::subject_of(user))});
  return std::string(core::text_of(core::Bytes(hash).first(kGroupBytes)));
}

std::string folded(std::string_view name) {
  std::string lower(name.substr(0, kLongestName));
  std::transform(lower.begin(), lower.end(), lower.begin(), core::ascii_lower);
  return lower;
}

// The index has the beginning of a long name alone, and more than the name of a short one.
bool begins_so(std::string_view name, std::string_view beginning) noexcept {
  return core::equals_ignoring_case(name.substr(0, beginning.size()), beginning);
}

// A key of the index by name: name, a zero byte, and what is the key of the index by user.
bool is_by_name(std::string_view key) noexcept {
  return key.size() > kUserKeyBytes && key[key.size() - kUserKeyBytes - 1] == '\0';
}

// Name, user and zone, without the epochs and what follows.
std::string_view group_in(std::string_view key) noexcept {
  return key.substr(0, key.size() - (kUserKeyBytes - kGroupBytes));
}

std::string_view epochs_in(std::string_view key) noexcept {
  return key.substr(key.size() - (kUserKeyBytes - kGroupBytes), kEpochBytes);
}

// A cursor over the keys of an index.
class Keys {
 public:
  Keys(Environment& environment, MDB_txn* txn, MDB_dbi table) noexcept : environment_(environment) {
    code_ = open_cursor(txn, table, cursor_);
  }

  // To the first key that is not less. The keys' text is valid until the next step.
  Result<std::optional<std::string_view>> seek(std::string_view from) {
    MDB_val key = val_of(from);
    return step(key, MDB_SET_RANGE);
  }
  Result<std::optional<std::string_view>> next() {
    MDB_val key{};
    return step(key, MDB_NEXT);
  }

 private:
  Result<std::optional<std::string_view>> step(MDB_val& key, MDB_cursor_op where) {
    MDB_val value{};
    if (code_ == MDB_SUCCESS) code_ = mdb_cursor_get(cursor_.get(), &key, &value, where);
    if (code_ == MDB_NOTFOUND) return std::optional<std::string_view>();
    if (code_ != MDB_SUCCESS) return environment_.failed(code_, "list sessions");
    return std::optional(core::text_of(store::bytes_of(key)));
  }

  Environment& environment_;
  CursorHandle cursor_;
  int code_;
};

}  // namespace

std::optional<IndexKeys> index_keys_of(const RecordKey& key, const core::Record& record) {
  if (!record.session || record.session->end) return std::nullopt;
  const core::Session& session = *record.session;
  IndexKeys keys;
  keys.by_user = group_of(session.identity, session.zone) + epoch_text(session.opened_under) +
                 number_in(static_cast<std::uint64_t>(session.created.time_since_epoch().count()),
                           kTimeBytes) +
                 std::string(core::text_of(core::Bytes(key.value).first(kIdBytes)));
  keys.by_name = folded(session.identity.user) + '\0' + keys.by_user;
  return keys;
}

bool is_index_key(std::string_view key) noexcept {
  return key.size() == kUserKeyBytes || is_by_name(key);
}

Result<Done> SessionIndex::replace(const std::optional<IndexKeys>& before,
                                   const std::optional<IndexKeys>& after) {
  if (before == after) return Done{};
  const IndexKeys old = before.value_or(IndexKeys{});
  const IndexKeys now = after.value_or(IndexKeys{});
  const Layout& layout = environment_.layout();
  Result<Done> done = replace(layout.sessions_by_user, old.by_user, now.by_user);
  return done ? replace(layout.sessions_by_name, old.by_name, now.by_name) : done;
}

Result<Done> SessionIndex::replace(MDB_dbi table, std::string_view before, std::string_view after) {
  if (before == after) return Done{};
  int code = MDB_SUCCESS;
  if (!before.empty()) {
    MDB_val key = val_of(before);
    code = mdb_del(txn_, table, &key, nullptr);
    if (code == MDB_NOTFOUND) return environment_.met_damage("an index of sessions");
  }
  if (code == MDB_SUCCESS && !after.empty()) {
    MDB_val key = val_of(after);
    MDB_val nothing{};
    code = mdb_put(txn_, table, &key, &nothing, 0);
  }
  if (code != MDB_SUCCESS) return environment_.failed(code, "write an index of sessions");
  return Done{};
}

Result<NamedSession> SessionIndex::session_at(std::string_view index_key) const {
  const std::string_view id = index_key.substr(index_key.size() - kIdBytes);
  RecordKey from{};
  std::copy(id.begin(), id.end(), from.value.begin());
  Result<Tables::Scan> scan = Tables(environment_, txn_).scan(from);
  if (!scan) return scan.error();
  Result<std::optional<Tables::Scan::Entry>> entry = scan->next();
  if (!entry) return entry.error();
  if (!*entry || !(*entry)->record.session ||
      core::text_of(core::Bytes((*entry)->key.value).first(kIdBytes)) != id) {
    return environment_.met_damage("an index of sessions");
  }
  return NamedSession{.key = (*entry)->key, .session = *std::move((*entry)->record.session)};
}

Result<IndexPage> SessionIndex::list_of(const core::Identity& user, std::string_view zone,
                                        const std::optional<Position>& from,
                                        std::size_t limit) const {
  const Result<EpochsNow> epochs = Tables(environment_, txn_).epochs(user, zone);
  if (!epochs) return epochs.error();
  const std::string ours = group_of(user, zone) + epoch_text(epochs->values());
  const bool goes_on = from && from->size() == kUserKeyBytes && from->starts_with(ours);

  Keys keys(environment_, txn_, environment_.layout().sessions_by_user);
  Result<std::optional<std::string_view>> key = keys.seek(goes_on ? *from : ours);
  IndexPage page;
  for (; key; key = keys.next()) {
    if (!*key || !(*key)->starts_with(ours)) return page;
    if ((*key)->size() != kUserKeyBytes) return environment_.met_damage("an index of sessions");
    if (page.sessions.size() == limit) {
      page.next = **key;
      return page;
    }
    Result<NamedSession> session = session_at(**key);
    if (!session) return session.error();
    page.sessions.push_back(*std::move(session));
  }
  return key.error();
}

Result<IndexPage> SessionIndex::list_by_name(std::string_view beginning,
                                             const std::optional<Position>& from,
                                             std::size_t limit) const {
  const std::string wanted = folded(beginning);
  const bool goes_on = from && from->size() <= kLongestKey && from->starts_with(wanted);
  std::string start = goes_on ? *from : wanted;
  if (start.empty()) start.push_back('\0');  // LMDB knows no empty key

  Keys keys(environment_, txn_, environment_.layout().sessions_by_name);
  Result<std::optional<std::string_view>> key = keys.seek(start);
  IndexPage page;
  std::string group;   // of the key before
  std::string epochs;  // that the group's sessions must have been opened under
  for (std::size_t looked_at = 0; key; ++looked_at) {
    if (!*key || !(*key)->starts_with(wanted)) return page;
    if (!is_by_name(**key)) return environment_.met_damage("an index of sessions");
    if (page.sessions.size() == limit || looked_at == kMostLookedAt) {
      page.next = **key;
      return page;
    }
    Result<NamedSession> session = session_at(**key);
    if (!session) return session.error();
    if (group_in(**key) != group) {
      group = group_in(**key);
      const Result<EpochsNow> now =
          Tables(environment_, txn_).epochs(session->session->identity, session->session->zone);
      if (!now) return now.error();
      epochs = epoch_text(now->values());
    }
    if (epochs_in(**key) == epochs && begins_so(session->session->identity.user, beginning)) {
      page.sessions.push_back(*std::move(session));
    }
    key = epochs_in(**key) < epochs ? keys.seek(group + epochs) : keys.next();
  }
  return key.error();
}

}  // namespace epoch::store
