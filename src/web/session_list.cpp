#include "web/session_list.h"

#include "core/time_text.h"
#include "web/escape.h"
#include "web/user_agent.h"

namespace epoch::web {
namespace {

// "2026-01-31 12:00 UTC", for browsers that run no script.
std::string for_people(const std::string& rfc3339) {
  return rfc3339.substr(0, 10) + " " + rfc3339.substr(11, 5) + " UTC";
}

std::string session_entry(const PageTemplates& templates, const SessionEntry& entry,
                          const SessionForm& form) {
  const UserAgent agent = read_user_agent(entry.user_agent);
  const std::string words = in_words(agent);
  const std::string signed_in = core::time_text(entry.signed_in);
  const std::string last_seen = core::time_text(entry.last_seen);
  const std::string signed_in_text = for_people(signed_in);
  const std::string last_seen_text = for_people(last_seen);
  const std::string_view unknown = agent.browser.empty() ? entry.user_agent : std::string_view();
  const Value values[] = {
      {"action", form.action},
      {"token", form.token},
      {"session", entry.id},
      {"current", entry.current ? "yes" : ""},
      {"browser", words},
      {"unknown_browser", unknown},
      {"user_agent", entry.user_agent},
      {"address", entry.address},
      {"signed_in", signed_in},
      {"signed_in_text", signed_in_text},
      {"last_seen", last_seen},
      {"last_seen_text", last_seen_text},
  };
  return templates.of(PageKind::SessionEntry).render(values);
}

std::string json_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(text);
}

}  // namespace

std::string session_entries(const PageTemplates& templates, std::span<const SessionEntry> entries,
                            const SessionForm& form) {
  std::string html;
  for (const SessionEntry& entry : entries) html += session_entry(templates, entry, form);
  return html;
}

std::string session_json(const SessionEntry& entry) {
  const UserAgent agent = read_user_agent(entry.user_agent);
  std::string json = "{\"session\":" + json_string(entry.id);
  json += entry.current ? ",\"current\":true" : ",\"current\":false";
  json += ",\"browser\":" + json_or_null(agent.browser);
  json += ",\"system\":" + json_or_null(agent.system);
  json += ",\"user_agent\":" + json_string(entry.user_agent);
  json += ",\"address\":" + json_string(entry.address);
  json += ",\"signed_in\":" + json_string(core::time_text(entry.signed_in));
  json += ",\"last_seen\":" + json_string(core::time_text(entry.last_seen));
  json += ",\"expires\":" + json_string(core::time_text(entry.expires));
  return json += "}";
}

}  // namespace epoch::web
