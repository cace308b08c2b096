// A browser as docs/proof.md describes it: tabs, requests in flight, a cache of credentials by
// realm with the directories that they are sent to unasked, a cookie jar, and prompts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "setting.h"

namespace epoch::model {

// Which credentials, by value.
enum class Who : std::uint8_t { Alice, Mistyped, Bob, MadeUp };

const core::Credentials& credentials_of(Who who);
bool is_right(Who who) noexcept;  // the directory says yes

// Credentials in a browser's hands. Whether they are old only the model knows, never the server.
struct Held {
  Who who = Who::Alice;
  bool old = false;  // typed before a logout of this browser that the server has processed
};

enum class Load : std::uint8_t {
  Page,
  Form,  // POST from a page of the site
  Image,
  Script,     // fetch() or XMLHttpRequest
  ScriptOwn,  // the same, with an Authorization field of the script's own
  Prefetch,
  Forget,  // our pages' XMLHttpRequest with made-up credentials
  Logout,
  ForeignForm,
  ForeignLink,
  ForeignImage,
  ForeignLogout,
};

enum class Stage : std::uint8_t {
  Queued,     // built, with its cookie; no connection yet
  Sent,       // under way to the server
  Verifying,  // at the directory
  Answered,   // the answer is under way
  Prompting,  // waits for the person
};

enum class Scheme : std::uint8_t { None, Basic, Epoch };
enum class Shows : std::uint8_t { Nothing, Page, SignIn, SignedOut, Redirect };

struct Answer {
  Scheme scheme = Scheme::None;
  std::string realm = {};
  std::string cookie = {};  // the value that is set; empty: none
  Shows shows = Shows::Nothing;
};

inline constexpr std::size_t kNoTab = ~std::size_t{0};

struct Request {
  Load load = Load::Page;
  std::size_t place = 0;
  std::size_t tab = kNoTab;
  core::LogoutScope scope = core::LogoutScope::ThisBrowser;
  bool reloads = false;                       // Forget: the sign-in page's, which then reloads
  std::optional<Held> in_url = std::nullopt;  // explicit credentials: of the URL or of open()
  Stage stage = Stage::Sent;
  std::string cookie = {};  // as it is sent
  std::optional<Held> credentials = std::nullopt;
  std::optional<core::PendingLogin> login = std::nullopt;  // Verifying
  Answer answer = {};
  bool crossed_logout = false;  // it was in flight when a logout was processed
  bool swept = false;           // Verifying: a logout everywhere of its user came meanwhile
};

struct Cached {
  std::string origin;
  std::string realm;
  Held held;
  unsigned directories = 0;  // bits: places that they are sent to unasked
};

struct Browser {
  std::vector<std::string> jar;  // by zone
  std::vector<Cached> cache;     // the newest last
  std::vector<bool> tabs;        // whether it shows a page of the site
  std::size_t visible = kNoTab;
  std::vector<Request> requests;
  std::optional<Held> kept = std::nullopt;  // the password, by scripts that set Authorization
};

Browser new_browser(const Setting& setting);

// Builds a request and, unless it has to queue, sends it.
void start(Browser& browser, Request request, bool queued, const Setting& setting);
void send_queued(Request& request, Browser& browser, const Setting& setting);

// Takes an answer in. True where a dialog opens that was not open before.
bool receive(Browser& browser, std::size_t index, const Setting& setting);

// One answer serves every request that waits for the same realm.
void answer_prompt(Browser& browser, std::size_t index, Held typed, const Setting& setting);
void cancel_prompt(Browser& browser, std::size_t index, const Setting& setting);

}  // namespace epoch::model
