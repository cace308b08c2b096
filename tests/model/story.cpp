#include "story.h"

#include <sstream>
#include <string_view>

#include "cookies.h"

namespace epoch::model {
namespace {

std::string_view words(Load load) {
  switch (load) {
    case Load::Page:
      return "page";
    case Load::Form:
      return "form's POST";
    case Load::Image:
      return "image";
    case Load::Script:
      return "script's request";
    case Load::ScriptOwn:
      return "script's request with its own Authorization";
    case Load::Prefetch:
      return "prefetch";
    case Load::Forget:
      return "forget request";
    case Load::Logout:
      return "logout";
    case Load::ForeignForm:
      return "other site's POST";
    case Load::ForeignLink:
      return "link from another site";
    case Load::ForeignImage:
      return "other site's image";
    case Load::ForeignLogout:
      return "other site's logout form";
  }
  return "?";
}

std::string_view words(Who who) {
  switch (who) {
    case Who::Alice:
      return "alice's password";
    case Who::Mistyped:
      return "a mistyped password";
    case Who::Bob:
      return "bob's password";
    case Who::MadeUp:
      break;
  }
  return "made-up credentials";
}

std::string words(const std::optional<Held>& held) {
  if (!held) return "no credentials";
  return std::string(words(held->who)) + (held->old ? " from before the logout" : "");
}

std::string words(const std::string& cookie) {
  const CookieFacts facts = read_cookie(cookie);
  switch (facts.kind) {
    case CookieFacts::Kind::None:
      return "no cookie";
    case CookieFacts::Kind::Garbage:
      return "an unreadable cookie";
    case CookieFacts::Kind::Session:
      return "session " + core::short_id(core::record_key_of(facts.root));
    case CookieFacts::Kind::Challenge:
      break;
  }
  return std::string(facts.challenge->armed ? "an armed" : "an unarmed") + " challenge after " +
         core::short_id(core::record_key_of(facts.root)) + "." +
         std::to_string(facts.challenge->lineage.generation);
}

std::string name(const Request& request, const Setting& setting) {
  const Place& place = setting.site.places[request.place];
  return "the " + std::string(words(request.load)) + " for " +
         setting.site.spaces[place.space].origin + place.path;
}

std::string words(const Answer& answer) {
  std::string text;
  switch (answer.scheme) {
    case Scheme::Basic:
      text = "401 Basic realm=\"" + answer.realm + "\"";
      break;
    case Scheme::Epoch:
      text = answer.shows == Shows::SignIn      ? "401 Epoch and the sign-in page"
             : answer.shows == Shows::SignedOut ? "401 Epoch and the signed-out page"
                                                : "401 Epoch";
      break;
    case Scheme::None:
      text = answer.shows == Shows::Page ? "200" : answer.shows == Shows::Redirect ? "303" : "403";
      break;
  }
  return answer.cookie.empty() ? text : text + " with " + words(answer.cookie);
}

std::string_view words(core::LogoutScope scope) {
  switch (scope) {
    case core::LogoutScope::AllBrowsers:
      return " everywhere";
    case core::LogoutScope::OtherBrowsers:
      return " the other browsers";
    case core::LogoutScope::ThisBrowser:
      break;
  }
  return "";
}

// Who acts, before it is done.
std::string beginning(const World& world, const Action& action, const Setting& setting) {
  const Browser& browser = world.browsers[action.browser];
  const std::string where = setting.site.places[action.place].path;
  const auto its = [&] { return name(browser.requests[action.request], setting); };
  switch (action.what) {
    case Do::Visit:
      return "the person opens " + where;
    case Do::PostForm:
      return "the person sends a form to " + where;
    case Do::LogOut:
      return "the person logs out" + std::string(words(action.scope));
    case Do::AnswerPrompt:
      return "the person types " + std::string(words(action.who)) + " into the prompt of " + its();
    case Do::CancelPrompt:
      return "the person cancels the prompt of " + its();
    case Do::OpenUrlWithPassword:
      return "the person opens " + where + " by a URL with the password in it";
    case Do::ClearCookies:
      return "the cookies are cleared";
    case Do::LoadImage:
      return "a page loads an image from " + where;
    case Do::Poll:
      return "a page's script polls " + where;
    case Do::PollWithOwnHeader:
      return "a page's script polls " + where + " with " +
             (action.who == Who::MadeUp ? "an Authorization field of its own"
                                        : "the password, which it has kept");
    case Do::Prefetch:
      return "the browser prefetches " + where;
    case Do::ForeignForm:
      return "another site posts a form to " + where;
    case Do::ForeignLink:
      return "the person follows another site's link to " + where;
    case Do::ForeignImage:
      return "another site embeds an image from " + where;
    case Do::ForeignLogout:
      return "another site posts a logout to " + where;
    case Do::Send:
      return its() + " gets a connection";
    case Do::Serve:
      return "the server takes " + its() + " (" + words(browser.requests[action.request].cookie) +
             ", " + words(browser.requests[action.request].credentials) + ")";
    case Do::Verify:
      return "the directory answers " + its() + " (" +
             words(browser.requests[action.request].credentials) + ")";
    case Do::Receive:
      return "the answer to " + its() +
             " arrives: " + words(browser.requests[action.request].answer);
    case Do::Wait:
      return std::to_string(setting.events.waits[action.request].count() / 60) + " minutes pass";
    case Do::FlushLastSeen:
      return "last-seen times are written";
    case Do::LoseKeys:
      return "the server's signing keys are lost and made anew";
  }
  return "?";
}

// What came of it.
std::string ending(const Outcome& outcome, const Browser& browser, const Action& action) {
  std::ostringstream text;
  const Served& served = outcome.served;
  if (served.verdict) {
    text << " -> " << core::to_string(served.verdict->action) << " (row " << served.verdict->row
         << ", " << core::to_string(served.verdict->reason) << ")";
  }
  if (served.opened == core::OpenOutcome::Opened) text << " -> opens a session";
  if (served.opened == core::OpenOutcome::Joined) text << " -> joins the session";
  if (served.opened == core::OpenOutcome::Conflict) text << " -> conflict";
  if (served.accepted) text << " -> let on as session " << core::short_id(*served.accepted);
  if (served.refused_logout) text << " -> refused";
  if (served.logout)
    text << " -> logged out, " << served.logout->ended.size() << " session(s) ended";
  const bool answered = action.what == Do::Serve || action.what == Do::Verify;
  if (answered && browser.requests[action.request].stage == Stage::Answered) {
    text << " -> " << words(browser.requests[action.request].answer);
  }
  if (outcome.dialog) text << " -> a dialog opens";
  return text.str();
}

}  // namespace

std::string story_of(const Counterexample& found, const Setting& setting, const Rules& rules) {
  std::ostringstream story;
  World world = new_world(setting);
  for (std::size_t i = 0; i < found.trace.size(); ++i) {
    const Action& action = found.trace[i];
    const std::string begins = beginning(world, action, setting);
    const Outcome outcome = apply(world, action, setting, rules);
    story << "  " << i + 1 << ". ";
    if (setting.browsers > 1) story << "[browser " << action.browser + 1 << "] ";
    story << begins << ending(outcome, world.browsers[action.browser], action) << "\n";
  }
  story << "  " << found.violation.property << " is violated: " << found.violation.what << ".\n";
  return story.str();
}

}  // namespace epoch::model
