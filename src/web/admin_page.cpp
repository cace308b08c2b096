#include "web/admin_page.h"

#include "web/escape.h"
#include "web/url.h"

namespace epoch::web {
namespace {

std::string_view yes_if(bool condition) { return condition ? "yes" : ""; }

// The list with what was searched for, from a place on.
std::string list_url(std::string_view path, const AdminSearch& search, std::string_view from) {
  return Url(path)
      .add("user", search.user)
      .add("zone", search.zone)
      .add("address", search.address)
      .add("hours", search.hours)
      .add("from", from)
      .text();
}

std::string entry(const PageTemplates& templates, const AdminEntry& entry, std::string_view path) {
  const std::string end_url =
      Url(path).add("confirm", "session").add("session", entry.session.id).text();
  const std::string end_user_url =
      Url(path).add("confirm", "user").add("session", entry.session.id).text();
  const std::string end_zone_url = Url(path).add("confirm", "zone").add("zone", entry.zone).text();
  const SessionWords words(entry.session);
  std::vector<Value> values = words.values();
  values.push_back({"user", entry.user});
  values.push_back({"zone", entry.zone});
  values.push_back({"end_url", end_url});
  values.push_back({"end_user_url", end_user_url});
  values.push_back({"end_zone_url", end_zone_url});
  return templates.of(PageKind::AdminEntry).render(values);
}

std::string json_of(const AdminEntry& entry) {
  std::string json = session_json(entry.session);
  json.pop_back();
  return json + ",\"user\":" + json_string(entry.user) + ",\"zone\":" + json_string(entry.zone) +
         "}";
}

}  // namespace

Page admin_page(const PageTemplates& templates, const AdminValues& values) {
  const std::string_view path = values.form.action;
  std::string entries;
  for (const AdminEntry& each : values.entries) entries += entry(templates, each, path);
  const std::string first_url = list_url(path, values.search, {});
  std::string next_url;
  if (!values.next.empty()) next_url = list_url(path, values.search, values.next);
  const std::string everything_url = Url(path).add("confirm", "all").text();
  const auto says = [&](AdminStatus status) { return yes_if(values.status == status); };
  return make_page(templates, PageKind::Admin, values.nonce,
                   {{"realm", values.realm},
                    {"return_path", values.return_path},
                    {"action", path},
                    {"entries", entries, Trust::Markup},
                    {"user", values.search.user},
                    {"zone", values.search.zone},
                    {"address", values.search.address},
                    {"hours", values.search.hours},
                    {"next_url", next_url},
                    {"first_url", values.first ? std::string_view() : first_url},
                    {"everything_url", everything_url},
                    {"ended", says(AdminStatus::SessionEnded)},
                    {"user_ended", says(AdminStatus::UserEnded)},
                    {"zone_ended", says(AdminStatus::ZoneEnded)},
                    {"everything_ended", says(AdminStatus::EverythingEnded)},
                    {"was_over", says(AdminStatus::WasOver)},
                    {"out_of_date", says(AdminStatus::OutOfDate)}});
}

std::string admin_json(const AdminValues& values) {
  std::string json = "{\"sessions\":[";
  for (std::size_t i = 0; i < values.entries.size(); ++i) {
    if (i > 0) json += ",";
    json += json_of(values.entries[i]);
  }
  json += "],\"token\":" + json_string(values.form.token);
  json += ",\"next\":" + (values.next.empty() ? "null" : json_string(values.next));
  return json += "}\n";
}

Page admin_confirm(const PageTemplates& templates, const AdminConfirmValues& values) {
  const AdminEntry nobody;
  const AdminEntry& entry = values.entry == nullptr ? nobody : *values.entry;
  const SessionWords words(entry.session);
  std::vector<Value> all = words.values();
  const auto reaches = [&](AdminReach reach) { return yes_if(values.reach == reach); };
  const std::string_view zone = values.entry == nullptr ? values.zone : entry.zone;
  for (const Value& value : std::initializer_list<Value>{
           {"realm", values.realm},
           {"action", values.form.action},
           {"token", values.form.token},
           {"user", entry.user},
           {"zone", zone},
           {"one", reaches(AdminReach::Session)},
           {"all_of_user", reaches(AdminReach::User)},
           {"all_of_zone", reaches(AdminReach::Zone)},
           {"everything", reaches(AdminReach::Everything)},
           {"spares_own", yes_if(values.spares_own)},
           {"no_reason", yes_if(values.no_reason)},
       }) {
    all.push_back(value);
  }
  return make_page(templates, PageKind::AdminConfirm, values.nonce, std::move(all));
}

}  // namespace epoch::web
