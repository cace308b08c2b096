// Opening a store and finding sessions in it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/console.h"
#include "core/ports.h"
#include "store/lmdb_store.h"

namespace epoch::cli {

// The shortest public id that names a session: what stands in log lines.
inline constexpr std::size_t kShortestId = 8;

// Debian's runtime directory of httpd; mod_auth_epoch's default store stands in it.
inline constexpr const char* kDefaultStore = "/run/apache2/auth_epoch";

// Becomes the owner of the directory, for good, and makes sure that there is a store: to begin one
// is httpd's to do.
core::Result<core::Done> approach_store(const std::string& directory);

// Approaches the store and opens it. What it logs goes to the console, which must outlive it.
core::Result<std::unique_ptr<store::LmdbStore>> open_store(const std::string& directory,
                                                           Console& console);

// Which sessions are meant; empty: all of them.
struct Selection {
  std::optional<std::string> user;
  std::optional<std::string> zone;
  [[nodiscard]] bool covers(const core::Session& session) const;
};

// Calls `visit` with each session that is selected, ended ones too, page by page.
core::Result<core::Done> for_each_session(core::SessionStore& store, Console& console,
                                          const Selection& selection,
                                          const std::function<void(const core::Listed&)>& visit);

// The session whose public id begins so. Malformed where there is none, or more than one.
core::Result<core::Listed> find_session(core::SessionStore& store, std::string_view id);

}  // namespace epoch::cli
