// What stays the same in one exploration: the site, the browser, and what may happen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/service.h"

namespace epoch::model {

// What a browser files credentials under, and the zone of sessions that it belongs to.
struct Space {
  std::string origin;
  std::string realm;
  std::size_t zone = 0;
};

// A directory of the site. Browsers send credentials unasked to directories that they know.
struct Place {
  std::string path;
  std::size_t space = 0;
  bool has_logout = false;                        // the logout URL stands in this directory
  std::optional<core::Seconds> fresh_login = {};  // AuthEpochFreshLogin
};

struct Site {
  std::vector<Space> spaces{{.origin = "https://example.org", .realm = "Intranet"}};
  std::vector<Place> places{{.path = "/a/", .has_logout = true}, {.path = "/b/"}};
  core::Limits limits{.idle = std::chrono::minutes(30), .max_age = std::chrono::hours(12)};
  bool shares_zones = false;                   // AuthEpochZone: one zone on several origins
  bool answers_logout_with_challenge = false;  // AuthEpochLogoutResponse challenge
};

enum class Kind : std::uint8_t { Chromium, Firefox };

// What may happen beside visits, answered prompts and logouts. All of it is off at first.
struct Events {
  bool queues = false;       // requests wait for a connection, with the cookie of before
  bool images = false;       // parts of pages, also of public ones
  bool polls = false;        // scripts of open pages
  bool scripts_own = false;  // scripts that set Authorization themselves
  bool prefetches = false;
  bool forms = false;                     // POST from a page of the site
  bool mistakes = false;                  // the person mistypes the password
  bool cancels = false;                   // the person cancels a prompt
  bool second_user = false;               // the person signs in as somebody else
  bool everywhere = false;                // logouts with scope=all
  bool others = false;                    // logouts with scope=others
  bool foreign_site = false;              // another site's forms, links and images
  bool cookies_cleared = false;           // by hand, or by another application's Clear-Site-Data
  bool keys_lost = false;                 // at a restart: every challenge becomes unreadable
  bool public_logout = false;             // the logout link also stands on a public page
  bool password_in_url = false;           // https://user:password@host/
  std::vector<core::Seconds> waits = {};  // by how much the clock may move on
};

// What a careful person avoids. The limits stated with P1 and P2 are exactly what remains
// otherwise.
struct Care {
  // Nobody logs out while a new client's very first login is at the directory.
  bool first_login_settles = true;
  // A new client's first answer arrives before its next request is sent.
  bool first_answer_settles = true;
  // A prompt is answered when the page that makes the browser forget has done so.
  bool forgetting_settles = true;
  // Nothing but an open prompt waits for hours.
  bool answers_come_in_time = true;
  // P2 is not judged where requests were in flight across a logout or queued across a login, where
  // a prompt was open until its challenge had expired, nor in a browser without scripts.
  bool crossing_excused = true;
  bool no_scripts_excused = true;
};

struct Setting {
  std::string name;
  Kind kind = Kind::Chromium;
  bool runs_scripts = true;
  bool sends_metadata = true;  // Sec-Fetch-*: not over plain http
  std::size_t browsers = 1;
  std::size_t tabs = 2;
  std::size_t most_requests = 2;  // in flight at once, per browser
  Site site = {};
  Events events = {};
  Care care = {};
};

}  // namespace epoch::model
