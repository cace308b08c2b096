// One state of everything: a server, browsers, and what only the model knows about them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server.h"

namespace epoch::model {

// What only the model knows of a session.
struct SessionFacts {
  std::size_t browser = 0;
  std::size_t zone = 0;
  Who who = Who::Alice;
  core::Lineage follows = {};
  bool old = false;    // a logout of its browser has been processed since
  bool ended = false;  // it has been seen not live
};

// Whether a prompt is due in a browser for a space.
struct PromptFacts {
  bool due = true;       // no right password has been typed since the last reason to ask
  bool excused = false;  // requests were in flight across that reason, and late
};

struct World {
  Server server;
  std::vector<Browser> browsers;
  std::map<core::RecordKey, SessionFacts> sessions;
  std::vector<PromptFacts> prompts;  // by browser, then by space
};

enum class Do : std::uint8_t {
  // The person
  Visit,
  PostForm,
  LogOut,
  AnswerPrompt,
  CancelPrompt,
  OpenUrlWithPassword,
  ClearCookies,
  // Pages, and another site's pages
  LoadImage,
  Poll,
  PollWithOwnHeader,
  Prefetch,
  ForeignForm,
  ForeignLink,
  ForeignImage,
  ForeignLogout,
  // The network, the server, the directory
  Send,
  Serve,
  Verify,
  Receive,
  // Time and trouble
  Wait,
  FlushLastSeen,
  LoseKeys,
};

struct Action {
  Do what = Do::Visit;
  std::uint8_t browser = 0;
  std::uint8_t place = 0;    // of what is loaded
  std::uint8_t request = 0;  // or which request, or which wait
  std::uint8_t tab = 0xff;
  Who who = Who::Alice;
  core::LogoutScope scope = core::LogoutScope::ThisBrowser;
  bool queued = false;
};

// A property that does not hold, in words.
struct Violation {
  std::string property;  // "P1", ...
  std::string what;
};

// What a step came to.
struct Outcome {
  Served served = {};
  bool dialog = false;  // a dialog has opened
  std::optional<Violation> violation = {};
};

World new_world(const Setting& setting);

// Everything that may happen next.
std::vector<Action> actions(const World& world, const Setting& setting);

Outcome apply(World& world, const Action& action, const Setting& setting, const Rules& rules);

}  // namespace epoch::model
