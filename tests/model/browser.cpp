#include "browser.h"

#include <algorithm>

namespace epoch::model {
namespace {

const Space& space_of(const Request& request, const Setting& setting) {
  return setting.site.spaces[setting.site.places[request.place].space];
}

unsigned bit_of(const Request& request) { return 1U << request.place; }

Cached* find_cached(Browser& browser, const std::string& origin, const std::string& realm) {
  const auto found = std::find_if(
      browser.cache.begin(), browser.cache.end(),
      [&](const Cached& entry) { return entry.origin == origin && entry.realm == realm; });
  return found == browser.cache.end() ? nullptr : &*found;
}

void forget(Browser& browser, const std::string& origin, const std::string& realm) {
  std::erase_if(browser.cache, [&](const Cached& entry) {
    return entry.origin == origin && entry.realm == realm;
  });
}

void forget_if(Browser& browser, const Space& space, const std::string& realm, Who who) {
  const Cached* entry = find_cached(browser, space.origin, realm);
  if (entry != nullptr && entry->held.who == who) forget(browser, space.origin, realm);
}

// New credentials take the place of those that the browser has for the realm.
void remember(Browser& browser, const Space& space, const std::string& realm, Held held,
              unsigned directories) {
  forget(browser, space.origin, realm);
  browser.cache.push_back(
      {.origin = space.origin, .realm = realm, .held = held, .directories = directories});
}

// What is sent unasked: the newest credentials for a directory that the browser knows.
std::optional<Held> unasked(const Browser& browser, const Request& request,
                            const Setting& setting) {
  const std::string& origin = space_of(request, setting).origin;
  for (auto entry = browser.cache.rbegin(); entry != browser.cache.rend(); ++entry) {
    if (entry->origin == origin && (entry->directories & bit_of(request)) != 0) return entry->held;
  }
  return std::nullopt;
}

// Other sites' requests carry no SameSite=Lax cookie, except for a link that is followed.
bool carries_cookie(Load load) noexcept {
  return load != Load::ForeignForm && load != Load::ForeignImage && load != Load::ForeignLogout;
}

void read_jar(Request& request, const Browser& browser, const Setting& setting) {
  request.cookie =
      carries_cookie(request.load) ? browser.jar[space_of(request, setting).zone] : std::string();
}

std::optional<Held> first_credentials(const Request& request, const Browser& browser,
                                      const Setting& setting) {
  switch (request.load) {
    case Load::ForeignImage:
      return std::nullopt;
    case Load::ScriptOwn:
      return request.credentials;
    case Load::Forget:  // Chromium asks without any first
      return setting.kind == Kind::Firefox ? request.in_url : std::nullopt;
    default:
      return unasked(browser, request, setting);
  }
}

void send_again(Request& request, const Browser& browser, Held held, const Setting& setting) {
  request.credentials = held;
  request.stage = Stage::Sent;
  request.answer = {};
  request.crossed_logout = false;
  read_jar(request, browser, setting);
}

bool prompts(Load load) noexcept {
  return load != Load::Prefetch && load != Load::Forget && load != Load::ForeignImage;
}

// Browsers ask once for all requests that wait for the same realm.
bool is_same_prompt(const Request& a, const Request& b, const Setting& setting) {
  return a.stage == Stage::Prompting && b.stage == Stage::Prompting &&
         a.answer.realm == b.answer.realm &&
         space_of(a, setting).origin == space_of(b, setting).origin;
}

// The load is over. What it showed may go on by itself.
void finish(Browser& browser, std::size_t index, const Setting& setting) {
  const Request done = std::move(browser.requests[index]);
  browser.requests.erase(browser.requests.begin() + static_cast<std::ptrdiff_t>(index));
  if (done.load == Load::Forget) {
    if (done.reloads) {
      start(browser, {.load = Load::Page, .place = done.place, .tab = done.tab}, false, setting);
    }
    return;
  }
  if (done.tab == kNoTab) return;
  browser.tabs[done.tab] = done.answer.shows == Shows::Page;
  const bool signs_in = done.answer.shows == Shows::SignIn;
  if (done.answer.shows == Shows::Redirect) {
    start(browser, {.load = Load::Page, .place = done.place, .tab = done.tab}, false, setting);
  } else if (signs_in && !setting.runs_scripts) {
    start(browser, {.load = Load::Image, .place = done.place}, false, setting);
  } else if (setting.runs_scripts &&
             (done.answer.shows == Shows::SignedOut || (signs_in && browser.visible == done.tab))) {
    start(browser,
          {.load = Load::Forget,
           .place = done.place,
           .tab = done.tab,
           .reloads = signs_in,
           .in_url = Held{.who = Who::MadeUp}},
          false, setting);
  }
}

// The credentials that were sent are worth nothing: the browser drops them, unless it has others by
// now. Firefox drops whatever it had when those of a URL are refused.
void drop_refused(Browser& browser, const Request& request, const Setting& setting) {
  const Space& space = space_of(request, setting);
  const bool whatever = setting.kind == Kind::Firefox ? request.load == Load::Forget
                                                      : request.load == Load::ScriptOwn;
  if (whatever) {
    forget(browser, space.origin, request.answer.realm);
  } else if (setting.kind == Kind::Chromium || request.load != Load::ScriptOwn) {
    forget_if(browser, space, request.answer.realm, request.credentials->who);
  }
}

// 401 Basic. Returns whether the request goes on: sent again, or waiting for the person.
bool take_challenge(Browser& browser, Request& request, const Setting& setting) {
  const Space& space = space_of(request, setting);
  const std::string realm = request.answer.realm;
  if (request.credentials) drop_refused(browser, request, setting);
  if (request.load == Load::Forget && request.credentials) return false;
  if (request.in_url) {
    const Held held = *request.in_url;
    request.in_url.reset();
    remember(browser, space, realm, held, bit_of(request));
    send_again(request, browser, held, setting);
    return true;
  }
  if (!prompts(request.load)) return false;
  if (request.load == Load::ScriptOwn && setting.kind == Kind::Firefox) return false;
  if (Cached* entry = find_cached(browser, space.origin, realm)) {
    entry->directories |= bit_of(request);
    send_again(request, browser, entry->held, setting);
    return true;
  }
  request.stage = Stage::Prompting;
  return true;
}

}  // namespace

const core::Credentials& credentials_of(Who who) {
  static const core::Credentials kAlice{"alice", "wonderland"};
  static const core::Credentials kMistyped{"alice", "wonderlnad"};
  static const core::Credentials kBob{"bob", "builder"};
  static const core::Credentials kMadeUp{"made", "up"};
  switch (who) {
    case Who::Alice:
      return kAlice;
    case Who::Mistyped:
      return kMistyped;
    case Who::Bob:
      return kBob;
    case Who::MadeUp:
      break;
  }
  return kMadeUp;
}

bool is_right(Who who) noexcept { return who == Who::Alice || who == Who::Bob; }

Browser new_browser(const Setting& setting) {
  std::size_t zones = 0;
  for (const Space& space : setting.site.spaces) zones = std::max(zones, space.zone + 1);
  return {.jar = std::vector<std::string>(zones),
          .cache = {},
          .tabs = std::vector<bool>(setting.tabs),
          .visible = kNoTab,
          .requests = {},
          .kept = std::nullopt};
}

void start(Browser& browser, Request request, bool queued, const Setting& setting) {
  read_jar(request, browser, setting);
  request.stage = Stage::Queued;
  if (!queued) send_queued(request, browser, setting);
  browser.requests.push_back(std::move(request));
}

void send_queued(Request& request, Browser& browser, const Setting& setting) {
  request.credentials = first_credentials(request, browser, setting);
  request.stage = Stage::Sent;
}

bool receive(Browser& browser, std::size_t index, const Setting& setting) {
  Request& request = browser.requests[index];
  const Space& space = space_of(request, setting);
  if (!request.answer.cookie.empty()) browser.jar[space.zone] = request.answer.cookie;
  if (request.answer.scheme == Scheme::Epoch && request.credentials &&
      setting.kind == Kind::Chromium) {
    forget_if(browser, space, space.realm, request.credentials->who);
  }
  if (request.answer.scheme != Scheme::Basic || !take_challenge(browser, request, setting)) {
    finish(browser, index, setting);
    return false;
  }
  if (request.stage != Stage::Prompting) return false;
  return std::count_if(browser.requests.begin(), browser.requests.end(), [&](const Request& other) {
           return is_same_prompt(request, other, setting);
         }) == 1;
}

void answer_prompt(Browser& browser, std::size_t index, Held typed, const Setting& setting) {
  const Request asked = browser.requests[index];
  unsigned directories = 0;
  for (const Request& request : browser.requests) {
    if (is_same_prompt(asked, request, setting)) directories |= bit_of(request);
  }
  remember(browser, space_of(asked, setting), asked.answer.realm, typed, directories);
  if (setting.events.scripts_own && typed.who == Who::Alice) browser.kept = typed;
  for (Request& request : browser.requests) {
    if (is_same_prompt(asked, request, setting)) send_again(request, browser, typed, setting);
  }
}

void cancel_prompt(Browser& browser, std::size_t index, const Setting& setting) {
  const Request asked = browser.requests[index];
  for (std::size_t i = browser.requests.size(); i-- > 0;) {
    if (is_same_prompt(asked, browser.requests[i], setting)) finish(browser, i, setting);
  }
}

}  // namespace epoch::model
