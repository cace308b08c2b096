#include "world.h"

#include <algorithm>

#include "cookies.h"
#include "properties.h"

namespace epoch::model {
namespace {

Request request_for(const Action& action) {
  Request request{.place = action.place, .scope = action.scope};
  if (action.tab != 0xff) request.tab = action.tab;
  switch (action.what) {
    case Do::PostForm:
      request.load = Load::Form;
      break;
    case Do::LogOut:
      request.load = Load::Logout;
      break;
    case Do::OpenUrlWithPassword:
      request.in_url = Held{.who = Who::Alice};
      break;
    case Do::LoadImage:
      request.load = Load::Image;
      break;
    case Do::Poll:
      request.load = Load::Script;
      break;
    case Do::PollWithOwnHeader:
      request.load = Load::ScriptOwn;
      break;
    case Do::Prefetch:
      request.load = Load::Prefetch;
      break;
    case Do::ForeignForm:
      request.load = Load::ForeignForm;
      break;
    case Do::ForeignLogout:
      request.load = Load::ForeignLogout;
      break;
    case Do::ForeignLink:
      request.load = Load::ForeignLink;
      break;
    case Do::ForeignImage:
      request.load = Load::ForeignImage;
      break;
    default:
      break;
  }
  return request;
}

// Until its answer has arrived, the browser's cookie is that of before.
bool is_processed_logout(const Request& request) {
  return request.load == Load::Logout && request.stage == Stage::Answered;
}

void begin_load(Browser& browser, const Action& action, const Setting& setting) {
  Request request = request_for(action);
  if (request.load == Load::ScriptOwn) {
    request.credentials = action.who == Who::MadeUp ? Held{.who = Who::MadeUp} : browser.kept;
  }
  request.crossed_logout =
      std::any_of(browser.requests.begin(), browser.requests.end(), is_processed_logout);
  if (request.tab != kNoTab) browser.visible = request.tab;
  start(browser, std::move(request), action.queued, setting);
}

Outcome serve_request(World& world, const Action& action, const Setting& setting,
                      const Rules& rules) {
  Outcome outcome;
  Request& request = world.browsers[action.browser].requests[action.request];
  const std::vector<core::RecordKey> before =
      request.load == Load::Logout ? live_sessions(world, setting) : std::vector<core::RecordKey>();
  const bool crossed = request.crossed_logout;
  outcome.served = serve(world.server, request, setting, rules);
  const Served& served = outcome.served;
  if (served.verdict && served.verdict->reason == core::Reason::FreshLogin) {
    prompt_of(world, action.browser, space_of(request, setting), setting).due = true;
  }
  if (served.accepted) {
    outcome.violation = judge_acceptance(world, action.browser, request, nullptr, served, setting);
  } else if (served.logout) {
    outcome.violation =
        judge_logout(world, action.browser, request, *served.logout, before, setting);
    request.crossed_logout = crossed;  // by another than itself
  }
  return outcome;
}

Outcome verify_request(World& world, const Action& action, const Setting& setting,
                       const Rules& rules) {
  Outcome outcome;
  Request& request = world.browsers[action.browser].requests[action.request];
  const core::PendingLogin login = *request.login;
  outcome.served = verify(world.server, request, setting, rules);
  if (outcome.served.accepted) {
    outcome.violation =
        judge_acceptance(world, action.browser, request, &login, outcome.served, setting);
  }
  request.swept = false;
  return outcome;
}

Outcome receive_answer(World& world, const Action& action, const Setting& setting) {
  Outcome outcome;
  Browser& browser = world.browsers[action.browser];
  const std::size_t space = space_of(browser.requests[action.request], setting);
  note_arrival(world, action.browser, browser.requests[action.request], setting);
  outcome.dialog = receive(browser, action.request, setting);
  if (outcome.dialog) outcome.violation = judge_dialog(world, action.browser, space, setting);
  return outcome;
}

void type_answer(World& world, const Action& action, const Setting& setting) {
  Browser& browser = world.browsers[action.browser];
  const Request& asked = browser.requests[action.request];
  if (asked.tab != kNoTab) browser.visible = asked.tab;
  note_answer(world, action.browser, asked, action.who, setting);
  const bool crosses =
      std::any_of(browser.requests.begin(), browser.requests.end(), is_processed_logout);
  answer_prompt(browser, action.request, {.who = action.who}, setting);
  for (Request& request : browser.requests) {
    if (crosses && request.stage == Stage::Sent) request.crossed_logout = true;
  }
}

void cancel(World& world, const Action& action, const Setting& setting) {
  Browser& browser = world.browsers[action.browser];
  const std::size_t space = space_of(browser.requests[action.request], setting);
  prompt_of(world, action.browser, space, setting).due = true;
  cancel_prompt(browser, action.request, setting);
}

void clear_cookie(World& world, const Action& action, const Setting& setting) {
  world.browsers[action.browser].jar[action.place].clear();
  note_reason_to_ask(world, action.browser, action.place, setting);
}

void make_unreadable(std::string& cookie) {
  if (read_cookie(cookie).kind == CookieFacts::Kind::Challenge) cookie = kUnreadable;
}

// New keys: no challenge can be read any more. Sessions live on.
void lose_keys(World& world, const Setting& setting) {
  for (std::size_t i = 0; i < world.browsers.size(); ++i) {
    Browser& browser = world.browsers[i];
    for (std::size_t zone = 0; zone < browser.jar.size(); ++zone) {
      make_unreadable(browser.jar[zone]);
      note_reason_to_ask(world, i, zone, setting);
    }
    for (Request& request : browser.requests) {
      make_unreadable(request.cookie);
      make_unreadable(request.answer.cookie);
    }
  }
}

// The timer that forgets what no challenge can name any more runs meanwhile.
void wait(Server& server, core::Seconds seconds) {
  constexpr std::size_t kAll = 1000;
  server.now += seconds;
  static_cast<void>(*server.store.purge(std::nullopt, kAll, server.now));
}

Outcome carry_out(World& world, const Action& action, const Setting& setting, const Rules& rules) {
  Browser& browser = world.browsers[action.browser];
  switch (action.what) {
    case Do::Send:
      send_queued(browser.requests[action.request], browser, setting);
      break;
    case Do::Serve:
      return serve_request(world, action, setting, rules);
    case Do::Verify:
      return verify_request(world, action, setting, rules);
    case Do::Receive:
      return receive_answer(world, action, setting);
    case Do::AnswerPrompt:
      type_answer(world, action, setting);
      break;
    case Do::CancelPrompt:
      cancel(world, action, setting);
      break;
    case Do::ClearCookies:
      clear_cookie(world, action, setting);
      break;
    case Do::LoseKeys:
      lose_keys(world, setting);
      break;
    case Do::Wait:
      wait(world.server, setting.events.waits[action.request]);
      break;
    case Do::FlushLastSeen:
      flush_last_seen(world.server, setting, rules);
      break;
    default:
      begin_load(browser, action, setting);
  }
  return {};
}

}  // namespace

World new_world(const Setting& setting) {
  return {.server = {},
          .browsers = std::vector<Browser>(setting.browsers, new_browser(setting)),
          .sessions = {},
          .prompts = std::vector<PromptFacts>(setting.browsers * setting.site.spaces.size())};
}

Outcome apply(World& world, const Action& action, const Setting& setting, const Rules& rules) {
  Outcome outcome = carry_out(world, action, setting, rules);
  if (std::optional<Violation> violation = judge_sessions(world, setting)) {
    if (!outcome.violation) outcome.violation = std::move(violation);
  }
  return outcome;
}

}  // namespace epoch::model
