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
  const SessionWords words(entry);
  std::vector<Value> values = words.values();
  values.push_back({"action", form.action});
  values.push_back({"token", form.token});
  return templates.of(PageKind::SessionEntry).render(values);
}

std::string json_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(text);
}

}  // namespace

SessionWords::SessionWords(const SessionEntry& entry)
    : entry_(entry),
      signed_in_(core::time_text(entry.signed_in)),
      last_seen_(core::time_text(entry.last_seen)),
      signed_in_text_(for_people(signed_in_)),
      last_seen_text_(for_people(last_seen_)) {
  const UserAgent agent = read_user_agent(entry.user_agent);
  browser_ = in_words(agent);
  is_unknown_ = agent.browser.empty();
}

std::vector<Value> SessionWords::values() const {
  return {
      {"session", entry_.id},
      {"current", entry_.current ? "yes" : ""},
      {"browser", browser_},
      {"unknown_browser", is_unknown_ ? std::string_view(entry_.user_agent) : std::string_view()},
      {"user_agent", entry_.user_agent},
      {"address", entry_.address},
      {"signed_in", signed_in_},
      {"signed_in_text", signed_in_text_},
      {"last_seen", last_seen_},
      {"last_seen_text", last_seen_text_},
  };
}

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
