// What may happen next, and what a careful person avoids.
#include <algorithm>

#include "cookies.h"
#include "properties.h"
#include "world.h"

namespace epoch::model {
namespace {

bool is_busy(const Browser& browser, std::size_t tab) {
  return std::any_of(browser.requests.begin(), browser.requests.end(),
                     [&](const Request& request) { return request.tab == tab; });
}

bool shows_a_page(const Browser& browser) {
  return std::find(browser.tabs.begin(), browser.tabs.end(), true) != browser.tabs.end();
}

bool is_unknown(const std::string& cookie) { return cookie.empty() || cookie == kUnreadable; }

// Care: a new client's first request is still unanswered.
bool first_answer_is_out(const Browser& browser, std::size_t zone, const Setting& setting) {
  return std::any_of(browser.requests.begin(), browser.requests.end(), [&](const Request& request) {
    return zone_of(request, setting) == zone && is_unknown(request.cookie) &&
           request.stage != Stage::Prompting;
  });
}

// Care: the request may become a session on a lineage that the store does not know.
bool is_first_login(const World& world, const Request& request) {
  if (request.stage == Stage::Answered || request.stage == Stage::Prompting) return false;
  if (!request.credentials && request.stage != Stage::Queued) return false;
  const CookieFacts cookie = read_cookie(request.cookie);
  return cookie.kind == CookieFacts::Kind::Challenge &&
         !world.server.store.records().contains(core::record_key_of(cookie.root));
}

bool may_be_served(const World& world, const Browser& browser, const Request& request,
                   const Setting& setting) {
  if (request.load != Load::Logout) return true;
  return std::none_of(browser.requests.begin(), browser.requests.end(), [&](const Request& other) {
    return &other != &request && setting.care.first_login_settles && is_first_login(world, other);
  });
}

// Care: the sign-in page that is about to arrive would make the browser forget what is typed now.
bool may_be_forgotten(const Browser& browser, const Request& asked) {
  return std::any_of(browser.requests.begin(), browser.requests.end(), [&](const Request& request) {
    return request.load == Load::Forget ||
           (asked.tab == kNoTab && request.load == Load::Page && request.stage != Stage::Prompting);
  });
}

bool only_prompts_are_open(const World& world) {
  return std::all_of(world.browsers.begin(), world.browsers.end(), [](const Browser& browser) {
    return std::all_of(browser.requests.begin(), browser.requests.end(),
                       [](const Request& request) { return request.stage == Stage::Prompting; });
  });
}

bool nothing_is_in_flight(const World& world) {
  return std::all_of(world.browsers.begin(), world.browsers.end(),
                     [](const Browser& browser) { return browser.requests.empty(); });
}

bool asks_the_directory(const World& world) {
  return std::any_of(world.browsers.begin(), world.browsers.end(), [](const Browser& browser) {
    return std::any_of(browser.requests.begin(), browser.requests.end(),
                       [](const Request& request) { return request.stage == Stage::Verifying; });
  });
}

bool holds_challenges(const World& world) {
  return std::any_of(world.browsers.begin(), world.browsers.end(), [](const Browser& browser) {
    return std::any_of(browser.jar.begin(), browser.jar.end(), [](const std::string& cookie) {
      return read_cookie(cookie).kind == CookieFacts::Kind::Challenge;
    });
  });
}

// Gathers what may happen in one browser.
class Choices {
 public:
  Choices(const World& world, std::size_t browser, const Setting& setting,
          std::vector<Action>& actions)
      : world_(world),
        browser_(world.browsers[browser]),
        index_(static_cast<std::uint8_t>(browser)),
        setting_(setting),
        actions_(actions) {}

  void gather() {
    if (browser_.requests.size() < setting_.most_requests) {
      for (std::size_t place = 0; place < setting_.site.places.size(); ++place) loads(place);
    }
    for (std::size_t i = 0; i < browser_.requests.size(); ++i) progress(i);
    trouble();
  }

 private:
  void add(Action action) {
    action.browser = index_;
    actions_.push_back(action);
  }

  void loads(std::size_t place) {
    const std::size_t zone = setting_.site.spaces[setting_.site.places[place].space].zone;
    const bool waits = setting_.care.first_answer_settles && is_unknown(browser_.jar[zone]) &&
                       first_answer_is_out(browser_, zone, setting_);
    const auto at = static_cast<std::uint8_t>(place);
    if (!waits) {
      for (std::size_t tab = 0; tab < browser_.tabs.size(); ++tab) {
        if (!is_busy(browser_, tab)) in_tab(at, static_cast<std::uint8_t>(tab));
      }
      in_page(at);
    }
    if (setting_.events.foreign_site) foreign(at);
  }

  void in_tab(std::uint8_t place, std::uint8_t tab) {
    const Events& events = setting_.events;
    add({.what = Do::Visit, .place = place, .tab = tab});
    if (events.queues) add({.what = Do::Visit, .place = place, .tab = tab, .queued = true});
    if (events.password_in_url) add({.what = Do::OpenUrlWithPassword, .place = place, .tab = tab});
    if (events.foreign_site) add({.what = Do::ForeignLink, .place = place, .tab = tab});
    const bool open = browser_.tabs[tab];
    if (open && events.forms) add({.what = Do::PostForm, .place = place, .tab = tab});
    const bool has_link = (open && has_logged_in(place)) || events.public_logout;
    if (has_link && setting_.site.places[place].has_logout) log_outs(place, tab);
  }

  // Its cookie leads to a session, or to what followed one.
  [[nodiscard]] bool has_logged_in(std::uint8_t place) const {
    const std::size_t zone = setting_.site.spaces[setting_.site.places[place].space].zone;
    const CookieFacts cookie = read_cookie(browser_.jar[zone]);
    return cookie.kind == CookieFacts::Kind::Session ||
           world_.server.store.records().contains(core::record_key_of(cookie.root));
  }

  void log_outs(std::uint8_t place, std::uint8_t tab) {
    add({.what = Do::LogOut, .place = place, .tab = tab});
    if (setting_.events.everywhere) {
      add({.what = Do::LogOut,
           .place = place,
           .tab = tab,
           .scope = core::LogoutScope::AllBrowsers});
    }
    if (setting_.events.others) {
      add({.what = Do::LogOut,
           .place = place,
           .tab = tab,
           .scope = core::LogoutScope::OtherBrowsers});
    }
  }

  void in_page(std::uint8_t place) {
    const Events& events = setting_.events;
    if (events.images) add({.what = Do::LoadImage, .place = place});
    if (events.images && events.queues) {
      add({.what = Do::LoadImage, .place = place, .queued = true});
    }
    if (events.prefetches) add({.what = Do::Prefetch, .place = place});
    if (!shows_a_page(browser_)) return;
    if (events.polls) add({.what = Do::Poll, .place = place});
    if (!events.scripts_own) return;
    add({.what = Do::PollWithOwnHeader, .place = place, .who = Who::MadeUp});
    if (browser_.kept) add({.what = Do::PollWithOwnHeader, .place = place});
  }

  void foreign(std::uint8_t place) {
    add({.what = Do::ForeignForm, .place = place});
    add({.what = Do::ForeignImage, .place = place});
    if (setting_.site.places[place].has_logout) add({.what = Do::ForeignLogout, .place = place});
  }

  void progress(std::size_t index) {
    const Request& request = browser_.requests[index];
    const auto which = static_cast<std::uint8_t>(index);
    switch (request.stage) {
      case Stage::Queued:
        add({.what = Do::Send, .request = which});
        break;
      case Stage::Sent:
        if (may_be_served(world_, browser_, request, setting_)) {
          add({.what = Do::Serve, .request = which});
        }
        break;
      case Stage::Verifying:
        add({.what = Do::Verify, .request = which});
        break;
      case Stage::Answered:
        add({.what = Do::Receive, .request = which});
        break;
      case Stage::Prompting:
        prompt(which);
        break;
    }
  }

  void prompt(std::uint8_t request) {
    if (setting_.events.cancels) add({.what = Do::CancelPrompt, .request = request});
    if (setting_.care.forgetting_settles &&
        may_be_forgotten(browser_, browser_.requests[request])) {
      return;
    }
    add({.what = Do::AnswerPrompt, .request = request, .who = Who::Alice});
    if (setting_.events.mistakes) {
      add({.what = Do::AnswerPrompt, .request = request, .who = Who::Mistyped});
    }
    if (setting_.events.second_user) {
      add({.what = Do::AnswerPrompt, .request = request, .who = Who::Bob});
    }
  }

  void trouble() {
    for (std::size_t zone = 0; zone < browser_.jar.size(); ++zone) {
      const auto place = static_cast<std::uint8_t>(zone);
      if (browser_.jar[zone].empty()) continue;
      if (setting_.events.cookies_cleared) add({.what = Do::ClearCookies, .place = place});
    }
  }

  const World& world_;
  const Browser& browser_;
  std::uint8_t index_;
  const Setting& setting_;
  std::vector<Action>& actions_;
};

}  // namespace

std::vector<Action> actions(const World& world, const Setting& setting) {
  std::vector<Action> actions;
  for (std::size_t i = 0; i < world.browsers.size(); ++i) {
    Choices(world, i, setting, actions).gather();
  }
  if (setting.events.keys_lost && holds_challenges(world) && nothing_is_in_flight(world)) {
    actions.push_back({.what = Do::LoseKeys});
  }
  // Last-seen times are written every minute, and no directory takes hours.
  const bool may_wait = world.server.seen.empty() && !asks_the_directory(world) &&
                        (!setting.care.answers_come_in_time || only_prompts_are_open(world));
  for (std::size_t i = 0; may_wait && i < setting.events.waits.size(); ++i) {
    actions.push_back({.what = Do::Wait, .request = static_cast<std::uint8_t>(i)});
  }
  if (!world.server.seen.empty()) actions.push_back({.what = Do::FlushLastSeen});
  return actions;
}

}  // namespace epoch::model
