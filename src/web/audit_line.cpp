#include "web/audit_line.h"

#include <array>
#include <cstdio>

#include "web/escape.h"

namespace epoch::web {
namespace {

// Of a value's JSON. Four long ones, eight short ones and the names make less than a whole line.
constexpr std::size_t kLongestText = 640;
constexpr std::size_t kLongestWord = 130;

// RFC 3339, in UTC.
std::string time_text(std::chrono::sys_time<std::chrono::milliseconds> time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

}  // namespace

std::string to_json(const AuditLine& line) {
  std::string json = "{\"time\":" + json_string(time_text(line.time));
  const auto add = [&json](std::string_view name, std::string_view value, std::size_t longest) {
    if (value.empty()) return;
    json.append(",\"").append(name).append("\":").append(json_string(value, longest));
  };
  add("event", line.event, kLongestWord);
  add("reason", line.reason, kLongestWord);
  add("initiator", line.initiator, kLongestWord);
  add("scope", line.scope, kLongestWord);
  add("user", line.user, kLongestText);
  add("account", line.account, kLongestText);
  add("zone", line.zone, kLongestText);
  add("session", line.session, kLongestWord);
  add("address", line.address, kLongestWord);
  add("user_agent", line.user_agent, kLongestText);
  add("request_id", line.request_id, kLongestWord);
  add("node", line.node, kLongestWord);
  return json += "}\n";
}

}  // namespace epoch::web
