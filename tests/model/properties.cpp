#include "properties.h"

#include <algorithm>

#include "cookies.h"

namespace epoch::model {
namespace {

bool is_live(World& world, const core::RecordKey& key, const Setting& setting) {
  const core::Look look = *world.server.store.find(key);
  return look.found && look.found->record.session &&
         core::is_live(*look.found->record.session, look.found->outgrown, setting.site.limits,
                       world.server.now);
}

// Not by a logout, nor by a later login: time has passed.
bool has_expired(World& world, const core::RecordKey& key) {
  const core::Look look = *world.server.store.find(key);
  if (!look.found || !look.found->record.session || look.found->outgrown) return false;
  const std::optional<core::End>& end = look.found->record.session->end;
  return !end || end->reason == core::EndReason::IdleTimeout ||
         end->reason == core::EndReason::MaxAge;
}

// Its answer, or the refusal of its credentials, will come as a surprise to what is typed now: it
// crossed a logout, or is queued with the cookie of before, or carries what was typed earlier.
bool comes_from_before(const Request& request) {
  if (request.crossed_logout || request.stage == Stage::Queued) return true;
  return request.credentials && request.stage != Stage::Prompting && request.load != Load::Forget;
}

bool same_user(Who a, Who b) noexcept { return (a == Who::Bob) == (b == Who::Bob); }

Judgement judge_opening(World& world, std::size_t browser, const Request& request,
                        const core::PendingLogin& login, const core::RecordKey& key,
                        const Setting& setting) {
  const auto found = world.sessions.find(key);
  if (found != world.sessions.end() && found->second.ended) {
    return Violation{"P3", "a session that had ended was opened again"};
  }
  world.sessions[key] = {.browser = browser,
                         .zone = zone_of(request, setting),
                         .who = request.credentials->who,
                         .follows = login.follows};
  if (request.credentials->old) {
    return Violation{"P1", "a session was opened on a password that was typed before the logout"};
  }
  if (request.swept) {
    return Violation{"P4", "a login that was verified before a logout everywhere became live"};
  }
  return std::nullopt;
}

// Everything the browser holds was typed before this logout.
void make_old(World& world, std::size_t index, std::size_t zone, const Setting& setting) {
  Browser& browser = world.browsers[index];
  for (Cached& entry : browser.cache) {
    for (const Space& space : setting.site.spaces) {
      if (space.zone == zone && space.origin == entry.origin) entry.held.old = true;
    }
  }
  if (browser.kept) browser.kept->old = true;
  for (Request& request : browser.requests) {
    if (zone_of(request, setting) != zone) continue;
    if (request.credentials) request.credentials->old = true;
    if (request.in_url) request.in_url->old = true;
  }
  for (auto& [key, facts] : world.sessions) {
    if (facts.browser == index && facts.zone == zone) facts.old = true;
  }
}

void note_sweep(World& world, Who who, std::size_t zone, const Setting& setting) {
  for (std::size_t i = 0; i < world.browsers.size(); ++i) {
    note_reason_to_ask(world, i, zone, setting);
    for (Request& request : world.browsers[i].requests) {
      if (request.stage == Stage::Verifying && zone_of(request, setting) == zone &&
          same_user(request.credentials->who, who)) {
        request.swept = true;
      }
    }
  }
}

// Which sessions a logout must leave alone, and which it must end.
Judgement judge_reach(World& world, std::size_t browser, std::size_t zone, const Request& request,
                      const core::LoggedOut& logout, const std::vector<core::RecordKey>& before,
                      const Setting& setting) {
  const bool wide = request.scope != core::LogoutScope::ThisBrowser && logout.scope_granted;
  const bool spares_itself = wide && logout.cookie_value.empty();
  for (const core::RecordKey& key : before) {
    const SessionFacts& facts = world.sessions.at(key);
    const bool is_live_yet = is_live(world, key, setting);
    const bool is_own = logout.session && logout.session->key == key;
    const bool in_reach = facts.zone == zone && wide &&
                          same_user(facts.who, world.sessions.at(logout.session->key).who);
    if (spares_itself && is_own && !is_live_yet) {
      return Violation{"P4", "a logout of the others ended the session that asked for it"};
    }
    if (in_reach && is_live_yet && !(spares_itself && is_own)) {
      return Violation{"P4", "a logout everywhere left a session of the user"};
    }
    if (!in_reach && !is_live_yet && (facts.zone != zone || facts.browser != browser)) {
      return Violation{"P4", "a logout ended a session that was none of its business"};
    }
  }
  return std::nullopt;
}

}  // namespace

std::size_t space_of(const Request& request, const Setting& setting) {
  return setting.site.places[request.place].space;
}

std::size_t zone_of(const Request& request, const Setting& setting) {
  return setting.site.spaces[space_of(request, setting)].zone;
}

PromptFacts& prompt_of(World& world, std::size_t browser, std::size_t space,
                       const Setting& setting) {
  return world.prompts[browser * setting.site.spaces.size() + space];
}

std::vector<core::RecordKey> live_sessions(World& world, const Setting& setting) {
  std::vector<core::RecordKey> live;
  for (const auto& [key, facts] : world.sessions) {
    if (is_live(world, key, setting)) live.push_back(key);
  }
  return live;
}

Judgement judge_acceptance(World& world, std::size_t browser, const Request& request,
                           const core::PendingLogin* login, const Served& served,
                           const Setting& setting) {
  if (!request.credentials || !is_right(request.credentials->who)) {
    return Violation{"P5", "a request was let on without the right password"};
  }
  const core::RecordKey& key = *served.accepted;
  if (served.opened == core::OpenOutcome::Opened) {
    return judge_opening(world, browser, request, *login, key, setting);
  }
  const auto found = world.sessions.find(key);
  if (found == world.sessions.end()) return Violation{"P3", "a session came out of nowhere"};
  const SessionFacts& facts = found->second;
  if (facts.old) return Violation{"P1", "a session from before the logout was accepted after it"};
  if (facts.ended) return Violation{"P3", "a session that had ended was accepted"};
  if (facts.browser != browser || facts.zone != zone_of(request, setting)) {
    return Violation{"P4", "a browser was let on as another one's session"};
  }
  if (facts.who != request.credentials->who) {
    return Violation{"P5", "a session was accepted with another password than its own"};
  }
  return std::nullopt;
}

Judgement judge_logout(World& world, std::size_t browser, const Request& request,
                       const core::LoggedOut& logout, const std::vector<core::RecordKey>& before,
                       const Setting& setting) {
  if (logout.is_answer) return std::nullopt;
  const std::size_t zone = zone_of(request, setting);
  if (Judgement judgement = judge_reach(world, browser, zone, request, logout, before, setting)) {
    return judgement;
  }
  if (request.scope != core::LogoutScope::ThisBrowser && logout.scope_granted) {
    note_sweep(world, world.sessions.at(logout.session->key).who, zone, setting);
  }
  if (logout.cookie_value.empty()) return std::nullopt;  // this browser stays signed in
  // Where a late answer has replaced the marked cookie, what the person answers to a logout's
  // challenge is a logout once more, and no new reason to ask.
  PromptFacts& prompt = prompt_of(world, browser, space_of(request, setting), setting);
  const bool goes_astray = setting.site.answers_logout_with_challenge && prompt.excused;
  note_reason_to_ask(world, browser, zone, setting);
  prompt.excused = goes_astray;
  make_old(world, browser, zone, setting);
  return std::nullopt;
}

Judgement judge_dialog(World& world, std::size_t browser, std::size_t space,
                       const Setting& setting) {
  PromptFacts& prompt = prompt_of(world, browser, space, setting);
  if (prompt.due || (prompt.excused && setting.care.crossing_excused)) return std::nullopt;
  if (!setting.runs_scripts && setting.care.no_scripts_excused) return std::nullopt;
  if (setting.site.shares_zones) return std::nullopt;  // two origins take turns with one cookie
  return Violation{"P2", "the person is asked again, who has typed the right password"};
}

Judgement judge_sessions(World& world, const Setting& setting) {
  for (auto& [key, facts] : world.sessions) {
    const bool live = is_live(world, key, setting);
    if (facts.ended && live) return Violation{"P3", "a session that had ended is live again"};
    if (live || facts.ended) continue;
    facts.ended = true;
    if (has_expired(world, key)) note_reason_to_ask(world, facts.browser, facts.zone, setting);
  }
  return std::nullopt;
}

void note_arrival(World& world, std::size_t browser, const Request& request,
                  const Setting& setting) {
  PromptFacts& prompt = prompt_of(world, browser, space_of(request, setting), setting);
  if (request.crossed_logout) prompt.excused = true;
  // The page's own doing, with or without us.
  if (request.load == Load::ScriptOwn && request.answer.scheme == Scheme::Basic) prompt.due = true;
}

void note_answer(World& world, std::size_t browser, const Request& asked, Who who,
                 const Setting& setting) {
  if (!is_right(who)) return;
  const std::vector<Request>& requests = world.browsers[browser].requests;
  PromptFacts& prompt = prompt_of(world, browser, space_of(asked, setting), setting);
  prompt.due = false;
  const CookieFacts cookie = read_cookie(world.browsers[browser].jar[zone_of(asked, setting)]);
  if (cookie.challenge && core::is_expired(*cookie.challenge, world.server.now)) {
    prompt.excused = true;
  }
  if (std::any_of(requests.begin(), requests.end(), comes_from_before)) prompt.excused = true;
}

void note_reason_to_ask(World& world, std::size_t browser, std::size_t zone,
                        const Setting& setting) {
  for (std::size_t space = 0; space < setting.site.spaces.size(); ++space) {
    if (setting.site.spaces[space].zone != zone) continue;
    prompt_of(world, browser, space, setting) = {};
  }
  for (Request& request : world.browsers[browser].requests) {
    if (zone_of(request, setting) == zone) request.crossed_logout = true;
  }
}

}  // namespace epoch::model
