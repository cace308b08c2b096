#include "store/session_limit.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "store/session_index.h"

namespace epoch::store {
namespace {

using core::EndReason;
using core::IndexPage;
using core::NamedSession;
using core::Result;

constexpr std::size_t kPage = 256;
constexpr std::size_t kMostEndedAtOnce = 256;

struct Others {
  std::vector<NamedSession> live;  // the oldest first
  std::vector<NamedSession> overdue;
};

void keep_first(std::size_t count, std::vector<NamedSession>& sessions) {
  sessions.erase(sessions.begin() + static_cast<std::ptrdiff_t>(count), sessions.end());
}

Result<Others> others_of(const Tables& tables, const core::Opening& opening,
                         const core::RecordKey& followed,
                         const std::optional<core::RecordKey>& sibling) {
  const std::size_t enough = opening.session_limit->most + kMostEndedAtOnce;
  Others others;
  std::optional<core::Position> from;
  do {
    Result<IndexPage> page =
        tables.session_index().list_of(opening.session.identity, opening.session.zone, from, kPage);
    if (!page) return page.error();
    for (NamedSession& each : page->sessions) {
      if (each.key == followed || each.key == sibling) continue;
      const std::optional<EndReason> over =
          core::overdue(*each.session, /*outgrown=*/std::nullopt, opening.limits, opening.now);
      if (over) mark_ended(each, *over, opening.now);
      (over ? others.overdue : others.live).push_back(std::move(each));
    }
    from = std::move(page->next);
  } while (from && others.live.size() < enough);
  return others;
}

}  // namespace

Result<Room> make_room(const Tables& tables, const core::Opening& opening,
                       const core::RecordKey& followed,
                       const std::optional<core::RecordKey>& sibling) {
  if (!opening.session_limit) return Room{};
  const core::SessionLimit& limit = *opening.session_limit;
  Result<Others> others = others_of(tables, opening, followed, sibling);
  if (!others) return others.error();
  std::vector<NamedSession>& live = others->live;
  if (live.size() >= limit.most && limit.deny) return Room{.is_none = true, .ending = {}};

  Room room;
  if (live.size() >= limit.most) {
    keep_first(std::min(live.size() + 1 - limit.most, kMostEndedAtOnce), live);
    for (NamedSession& oldest : live) {
      mark_ended(oldest, EndReason::SessionLimit, opening.now);
    }
    room.ending = std::move(live);
  }
  const std::size_t left = kMostEndedAtOnce - room.ending.size();
  keep_first(std::min(others->overdue.size(), left), others->overdue);
  std::move(others->overdue.begin(), others->overdue.end(), std::back_inserter(room.ending));
  return room;
}

}  // namespace epoch::store
