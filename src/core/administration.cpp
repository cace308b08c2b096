#include "core/administration.h"

#include <algorithm>
#include <utility>

namespace epoch::core {
namespace {

constexpr std::size_t kPage = 250;
constexpr std::size_t kMostLookedAt = 5000;

bool fits(const SessionFilter& filter, const Session& session, TimePoint now) {
  return now < session.expires && (filter.zone.empty() || filter.zone == session.zone) &&
         session.address.starts_with(filter.address) &&
         now - session.authenticated >= filter.signed_in_for;
}

}  // namespace

Result<SessionsFound> find_sessions(SessionStore& store, const SessionFilter& filter,
                                    const std::optional<Position>& from, std::size_t limit,
                                    TimePoint now) {
  SessionsFound found;
  found.next = from;
  for (std::size_t looked_at = 0; looked_at < kMostLookedAt;) {
    // Never more than are still wanted, so that the place to go on is the end of a page.
    const std::size_t wanted = std::min(kPage, limit - found.sessions.size());
    Result<IndexPage> page = store.list_by_name(filter.user, found.next, wanted);
    if (!page) return page.error();
    const bool store_has_had_enough = page->sessions.size() < wanted;
    looked_at += page->sessions.size();
    for (NamedSession& each : page->sessions) {
      if (fits(filter, *each.session, now)) found.sessions.push_back(std::move(each));
    }
    found.next = std::move(page->next);
    if (!found.next || store_has_had_enough || found.sessions.size() == limit) break;
  }
  return found;
}

Result<std::optional<Listed>> find_session(SessionStore& store, std::string_view public_id) {
  const std::optional<RecordKey> key = first_key_of(public_id);
  if (!key || public_id.size() != core::public_id(*key).size()) return std::optional<Listed>();
  Result<ListPage> page = store.list(*key, 1);
  if (!page) return page.error();
  if (page->sessions.empty() || core::public_id(page->sessions.front().key) != public_id) {
    return std::optional<Listed>();
  }
  return std::optional(std::move(page->sessions.front()));
}

}  // namespace epoch::core
