#include "web/sessions_page.h"

#include <algorithm>

#include "web/escape.h"
#include "web/url.h"

namespace epoch::web {
namespace {

bool has_others(const SessionsValues& values) {
  return !values.first || !values.next.empty() ||
         std::any_of(values.entries.begin(), values.entries.end(),
                     [](const SessionEntry& entry) { return !entry.current; });
}

}  // namespace

Page sessions_page(const PageTemplates& templates, const SessionsValues& values) {
  const auto yes_if = [](bool condition) -> std::string_view { return condition ? "yes" : ""; };
  const auto says = [&](SessionsStatus status) { return yes_if(values.status == status); };
  const std::string entries = session_entries(templates, values.entries, values.form);
  std::string next_url;
  if (!values.next.empty()) {
    next_url = Url(values.form.action).add("from", values.next).text();
  }
  return make_page(templates, PageKind::Sessions, values.nonce,
                   {{"realm", values.realm},
                    {"user", values.user},
                    {"return_path", values.return_path},
                    {"action", values.form.action},
                    {"token", values.form.token},
                    {"entries", entries, Trust::Markup},
                    {"others", yes_if(has_others(values))},
                    {"next_url", next_url},
                    {"first_url", values.first ? std::string_view() : values.form.action},
                    {"ended", says(SessionsStatus::Ended)},
                    {"others_ended", says(SessionsStatus::OthersEnded)},
                    {"was_over", says(SessionsStatus::WasOver)},
                    {"out_of_date", says(SessionsStatus::OutOfDate)},
                    {"no_session", says(SessionsStatus::NoSession)}});
}

std::string sessions_json(const SessionsValues& values) {
  std::string json = "{\"sessions\":[";
  for (std::size_t i = 0; i < values.entries.size(); ++i) {
    if (i > 0) json += ",";
    json += session_json(values.entries[i]);
  }
  json += "],\"token\":" + json_string(values.form.token);
  json += ",\"next\":" + (values.next.empty() ? "null" : json_string(values.next));
  return json += "}\n";
}

}  // namespace epoch::web
