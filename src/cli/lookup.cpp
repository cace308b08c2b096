#include "cli/lookup.h"

#include <filesystem>
#include <utility>

#include "cli/owner.h"
#include "store/directory_files.h"

namespace epoch::cli {
namespace {

using core::Done;
using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t kPage = 500;

Error not_one(const std::string& sentence) { return {ErrorCode::Malformed, sentence}; }

}  // namespace

Result<Done> approach_store(const std::string& directory) {
  if (Result<Done> became = become_owner_of(directory); !became) return became;
  if (std::filesystem::exists(store::data_path(directory))) return Done{};
  return Error{ErrorCode::Unavailable, "there is no store in " + directory +
                                           "; give AuthEpochStore's directory with --store"};
}

Result<std::unique_ptr<store::LmdbStore>> open_store(const std::string& directory,
                                                     Console& console) {
  if (Result<Done> there = approach_store(directory); !there) return there.error();
  store::StoreOptions options;
  options.directory = directory;
  options.log = [&console](store::Severity severity, const std::string& line) {
    if (severity != store::Severity::Info) console.complain(line);
  };
  return std::make_unique<store::LmdbStore>(std::move(options));
}

bool Selection::covers(const core::Session& session) const {
  return (!user || *user == session.identity.user) && (!zone || *zone == session.zone);
}

Result<Done> for_each_session(core::SessionStore& store, Console& console,
                              const Selection& selection,
                              const std::function<void(const core::Listed&)>& visit) {
  Progress progress(console, "sessions read");
  std::optional<core::RecordKey> from;
  do {
    const Result<core::ListPage> page = store.list(from, kPage);
    if (!page) return page.error();
    for (const core::Listed& listed : page->sessions) {
      if (selection.covers(listed.session)) visit(listed);
    }
    progress.advance(page->sessions.size());
    from = page->next;
  } while (from);
  return Done{};
}

Result<core::Listed> find_session(core::SessionStore& store, std::string_view id) {
  const std::string wanted(id);
  const std::optional<core::RecordKey> first = core::first_key_of(id);
  if (id.size() < kShortestId || !first) {
    return not_one(wanted +
                   " names no session: it takes the first 8 or more of the 32 hexadecimal "
                   "digits that `epochctl list` shows");
  }
  Result<core::ListPage> page = store.list(*first, 2);
  if (!page) return page.error();
  std::string beginning = core::public_id(*first).substr(0, id.size());
  std::vector<core::Listed> found;
  for (core::Listed& listed : page->sessions) {
    if (core::public_id(listed.key).starts_with(beginning)) found.push_back(std::move(listed));
  }
  if (found.empty()) {
    return not_one("there is no session " + wanted +
                   " in this store; sessions are forgotten two days after their end");
  }
  if (found.size() > 1) {
    return not_one("more than one session begins with " + wanted + ": " +
                   core::public_id(found[0].key) + ", " + core::public_id(found[1].key) +
                   "; give more digits");
  }
  return std::move(found.front());
}

}  // namespace epoch::cli
