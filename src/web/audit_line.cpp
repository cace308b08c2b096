#include "web/audit_line.h"

#include <array>
#include <cstdio>

#include "core/time_text.h"
#include "web/escape.h"

namespace epoch::web {
namespace {

// Of a value's JSON. Six long ones, eight short ones and the names make less than a whole line.
constexpr std::size_t kLongestText = 450;
constexpr std::size_t kLongestWord = 120;

// RFC 3339, in UTC, with milliseconds.
std::string time_text(std::chrono::sys_time<std::chrono::milliseconds> time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = core::time_text(second);
  text.pop_back();  // the Z
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>((time - second).count()));
  return text + fraction.data();
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
  add("actor", line.actor, kLongestText);
  add("reason_admin", line.reason_admin, kLongestText);
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
