#include "web/user_agent.h"

#include <algorithm>
#include <span>

#include "core/text.h"

namespace epoch::web {
namespace {

struct Rule {
  std::string_view mark;
  std::string_view name;
};

// The first mark that stands in the field counts. Nearly every browser says that it is Safari as
// well, many that they are Chrome: who imitates stands before whom they imitate.
constexpr Rule kBrowsers[] = {
    {"Edg/", "Edge"},
    {"EdgA/", "Edge"},
    {"EdgiOS/", "Edge"},
    {"Edge/", "Edge"},
    {"OPR/", "Opera"},
    {"OPT/", "Opera"},
    {"OPiOS/", "Opera"},
    {"Opera", "Opera"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"Vivaldi/", "Vivaldi"},
    {"YaBrowser/", "Yandex Browser"},
    {"DuckDuckGo/", "DuckDuckGo"},
    {"Ddg/", "DuckDuckGo"},
    {"SeaMonkey/", "SeaMonkey"},
    {"Firefox/", "Firefox"},
    {"FxiOS/", "Firefox"},
    {"CriOS/", "Chrome"},
    {"Chromium/", "Chromium"},
    {"Chrome/", "Chrome"},
    {"Trident/", "Internet Explorer"},
    {"MSIE ", "Internet Explorer"},
    {"Epiphany/", "GNOME Web"},
    {"Konqueror/", "Konqueror"},
    {"Safari/", "Safari"},
    {"Lynx/", "Lynx"},
    {"w3m/", "w3m"},
    {"ELinks/", "ELinks"},
};

// What the field of a program begins with.
constexpr Rule kPrograms[] = {
    {"curl/", "curl"},
    {"Wget", "Wget"},
    {"git/", "Git"},
    {"SVN/", "Subversion"},
    {"Python", "Python"},
    {"Go-http-client/", "Go"},
    {"Java/", "Java"},
    {"Apache-HttpClient/", "Java"},
    {"okhttp/", "OkHttp"},
    {"libwww-perl/", "Perl"},
    {"HTTPie/", "HTTPie"},
    {"PostmanRuntime/", "Postman"},
    {"rclone/", "rclone"},
    {"davfs2/", "davfs2"},
    {"gvfs/", "GNOME Files"},
    {"cadaver/", "cadaver"},
    {"Microsoft-WebDAV-MiniRedir/", "Windows Explorer"},
    {"Microsoft Office", "Microsoft Office"},
};

// Programs that say they are Mozilla, as browsers do.
constexpr Rule kProgramsInDisguise[] = {
    {"PowerShell/", "PowerShell"},
    {"Thunderbird/", "Thunderbird"},
};

// An iPad that asks for desktop pages says that it is a Mac, and cannot be told from one.
constexpr Rule kSystems[] = {
    {"Windows", "Windows"}, {"CrOS", "ChromeOS"},   {"Android", "Android"}, {"iPad", "iPadOS"},
    {"iPhone", "iOS"},      {"iPod", "iOS"},        {"Macintosh", "macOS"}, {"Mac OS X", "macOS"},
    {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}, {"NetBSD", "NetBSD"},   {"Linux", "Linux"},
    {"linux", "Linux"},
};

template <typename Matches>
std::string_view first(std::span<const Rule> rules, Matches matches) noexcept {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const Rule& rule) { return matches(rule.mark); });
  return found == rules.end() ? std::string_view() : found->name;
}

}  // namespace

UserAgent read_user_agent(std::string_view field) noexcept {
  const auto holds = [&](std::string_view mark) {
    return field.find(mark) != std::string_view::npos;
  };
  const auto begins = [&](std::string_view mark) {
    return core::equals_ignoring_case(field.substr(0, mark.size()), mark);
  };
  UserAgent agent;
  agent.system = first(kSystems, holds);
  agent.browser = first(kPrograms, begins);
  if (agent.browser.empty()) agent.browser = first(kProgramsInDisguise, holds);
  agent.is_program = !agent.browser.empty();
  if (agent.browser.empty()) agent.browser = first(kBrowsers, holds);
  return agent;
}

std::string in_words(const UserAgent& agent) {
  std::string words(agent.is_program ? "A program: " : "");
  words += agent.browser.empty() ? "Unknown browser" : agent.browser;
  if (!agent.system.empty()) words.append(" on ").append(agent.system);
  return words;
}

}  // namespace epoch::web
