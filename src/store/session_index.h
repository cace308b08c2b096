// The indexes of sessions as one transaction sees them: "sessions by user" (user and zone) and
// "sessions by name" (the user's name). Each has a key for every session that has not been ended,
// and no values: docs/formats.md describes the keys. In both the epochs of a session stand before
// what tells it from the user's others, so that those that an epoch has outgrown, however many, are
// passed over in one step.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/ports.h"
#include "store/tables.h"

namespace epoch::store {

// The keys under which a record stands in the indexes.
struct IndexKeys {
  std::string by_user;
  std::string by_name;
  friend bool operator==(const IndexKeys&, const IndexKeys&) = default;
};

// nullopt where it stands in neither: it has been ended, or is no session.
std::optional<IndexKeys> index_keys_of(const core::RecordKey& key, const core::Record& record);

// Whether it can be one of these keys.
bool is_index_key(std::string_view key) noexcept;

// Belongs to one transaction and is used by its thread alone.
class SessionIndex {
 public:
  SessionIndex(Environment& environment, MDB_txn* txn) noexcept
      : environment_(environment), txn_(txn) {}

  // Makes what stands in the indexes follow the table of sessions.
  core::Result<core::Done> replace(const std::optional<IndexKeys>& before,
                                   const std::optional<IndexKeys>& after);

  // See core::SessionStore.
  [[nodiscard]] core::Result<core::IndexPage> list_of(const core::Identity& user,
                                                      std::string_view zone,
                                                      const std::optional<core::Position>& from,
                                                      std::size_t limit) const;
  [[nodiscard]] core::Result<core::IndexPage> list_by_name(
      std::string_view beginning, const std::optional<core::Position>& from,
      std::size_t limit) const;

 private:
  core::Result<core::Done> replace(MDB_dbi table, std::string_view before, std::string_view after);
  [[nodiscard]] core::Result<core::NamedSession> session_at(std::string_view index_key) const;

  Environment& environment_;
  MDB_txn* txn_;
};

}  // namespace epoch::store
