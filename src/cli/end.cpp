#include "cli/end.h"

#include <ostream>
#include <set>
#include <utility>

#include "cli/listing.h"

namespace epoch::cli {
namespace {

using core::Done;
using core::EndReason;
using core::Error;
using core::ErrorCode;
using core::Listed;
using core::Result;
using core::Sweep;

constexpr EndReason kReason = EndReason::EndedByAdministrator;

std::string name_of(const Listed& listed) {
  return "session " + core::short_id(listed.key) + " of " + printable(listed.session.identity.user);
}

// All of them, or the first that is not to be found.
Result<std::vector<Listed>> find_all(core::SessionStore& store,
                                     const std::vector<std::string>& ids) {
  std::vector<Listed> found;
  for (const std::string& id : ids) {
    Result<Listed> session = find_session(store, id);
    if (!session) return session.error();
    found.push_back(*std::move(session));
  }
  return found;
}

int end_by_id(core::SessionStore& store, Console& console, const EndOrder& order,
              core::TimePoint now, bool json) {
  const Result<std::vector<Listed>> named = find_all(store, order.sessions);
  if (!named) return console.fail(named.error());
  Json ended = Json::array();
  for (const Listed& listed : *named) {
    const Result<bool> over = listed.outgrown ? false : store.end(listed.key, kReason, now);
    if (!over) return console.fail(over.error());
    if (*over) ended.push_back(core::public_id(listed.key));
    if (json) continue;
    console.out() << (*over ? "Ended " : "Over already (" + state_of(listed, now) + "): ")
                  << name_of(listed) << "\n";
  }
  if (json) console.out() << json_line({{"ended", ended.size()}, {"sessions", ended}});
  return kExitDone;
}

// Whose epochs must grow for everything that the selection covers to end. A user whose name the
// directory takes in several spellings is one account, and ends under all of them.
struct Reached {
  std::set<std::string> subjects;
  std::set<std::string> zones;
};

Result<Reached> reached_by(core::SessionStore& store, Console& console,
                           const Selection& selection) {
  Reached reached;
  if (selection.zone) reached.zones.insert(*selection.zone);
  const Selection in_zone{.user = std::nullopt, .zone = selection.zone};
  Result<Done> read = for_each_session(store, console, in_zone, [&](const Listed& listed) {
    reached.zones.insert(listed.session.zone);
    if (!selection.covers(listed.session)) return;
    reached.subjects.insert(core::subject_of(listed.session.identity));
  });
  if (!read) return read.error();
  // A login that is under way now may not know of an account, as where a password file verifies.
  if (selection.user && !reached.subjects.empty()) reached.subjects.insert(*selection.user);
  return reached;
}

std::vector<Sweep> sweeps_for(const Selection& selection, const Reached& reached,
                              const std::optional<core::RecordKey>& except) {
  const auto sweep = [&](core::Reach reach, const std::string& zone, const std::string& subject) {
    return Sweep{
        .reach = reach, .zone = zone, .subject = subject, .except = except, .reason = kReason};
  };
  if (!selection.user && !selection.zone) return {sweep(core::Reach::Everything, "", "")};
  if (!selection.user) return {sweep(core::Reach::Zone, *selection.zone, "")};
  std::vector<Sweep> sweeps;
  for (const std::string& zone : reached.zones) {
    for (const std::string& subject : reached.subjects) {
      sweeps.push_back(sweep(core::Reach::UserInZone, zone, subject));
    }
  }
  return sweeps;
}

bool is_reached(const Selection& selection, const Reached& reached, const Listed& listed) {
  if (!selection.user) return selection.covers(listed.session);
  return reached.zones.contains(listed.session.zone) &&
         reached.subjects.contains(core::subject_of(listed.session.identity));
}

Result<std::size_t> live_ones(core::SessionStore& store, Console& console,
                              const Selection& selection, const Reached& reached,
                              core::TimePoint now) {
  std::size_t live = 0;
  const Result<Done> read = for_each_session(store, console, {}, [&](const Listed& listed) {
    if (is_reached(selection, reached, listed) && is_live(listed, now)) ++live;
  });
  if (!read) return read.error();
  return live;
}

std::string description_of(const Selection& selection) {
  std::string text;
  if (selection.user) text += " of " + printable(*selection.user);
  if (selection.zone) text += " in the zone " + printable(*selection.zone);
  return text;
}

// The session that stays, if one was named.
Result<std::optional<Listed>> spared_by(core::SessionStore& store, const EndOrder& order,
                                        const Reached& reached, core::TimePoint now) {
  if (!order.except) return std::optional<Listed>();
  Result<Listed> spared = find_session(store, *order.except);
  if (!spared) return spared.error();
  if (!is_live(*spared, now)) {
    return Error{ErrorCode::Malformed, name_of(*spared) + " is over (" + state_of(*spared, now) +
                                           ") and cannot be kept; nothing was ended"};
  }
  if (!is_reached(order.selection, reached, *spared)) {
    return Error{ErrorCode::Malformed,
                 name_of(*spared) + " is none of those to be ended; nothing was ended"};
  }
  return std::optional(*std::move(spared));
}

int end_selected(core::SessionStore& store, Console& console, const EndOrder& order,
                 core::TimePoint now, bool json) {
  const Selection& selection = order.selection;
  const Result<Reached> reached = reached_by(store, console, selection);
  if (!reached) return console.fail(reached.error());
  if (reached->subjects.empty() && (selection.user || selection.zone)) {
    return console.fail(
        {ErrorCode::Malformed,
         "the store has no session" + description_of(selection) + "; nothing was ended"});
  }
  const Result<std::optional<Listed>> spared = spared_by(store, order, *reached, now);
  if (!spared) return console.fail(spared.error());
  const Result<std::size_t> live = live_ones(store, console, selection, *reached, now);
  if (!live) return console.fail(live.error());

  std::optional<core::RecordKey> except;
  if (*spared) except = (*spared)->key;
  for (const Sweep& sweep : sweeps_for(selection, *reached, except)) {
    const Result<std::uint64_t> raised = store.sweep(sweep, now);
    if (!raised) return console.fail(raised.error());
  }
  const std::size_t ended = *live - (*spared ? 1U : 0U);
  if (json) {
    console.out() << json_line({{"ended", ended}});
  } else {
    console.out() << "Ended " << counted(ended, "live session") << description_of(selection);
    if (*spared) console.out() << "; kept " << name_of(**spared);
    console.out() << "\n";
  }
  return kExitDone;
}

}  // namespace

int end(core::SessionStore& store, Console& console, const EndOrder& order, core::TimePoint now,
        bool json) {
  return order.sessions.empty() ? end_selected(store, console, order, now, json)
                                : end_by_id(store, console, order, now, json);
}

}  // namespace epoch::cli
