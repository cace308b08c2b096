// One line of the audit log: a JSON object, as docs/audit-log.md describes it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace epoch::web {

// A field without a value is left out of the line. None of them may be a secret.
struct AuditLine {
  std::chrono::sys_time<std::chrono::milliseconds> time{};
  std::string_view event;
  std::string_view reason;
  std::string_view initiator;
  std::string_view scope;
  std::string_view actor;         // the administrator
  std::string_view reason_admin;  // in the administrator's words
  std::string_view user;
  std::string_view account;  // the DN
  std::string_view zone;
  std::string_view session;  // its public id
  std::string_view address;
  std::string_view user_agent;
  std::string_view request_id;
  std::string_view node;
};

// What a pipe takes whole (PIPE_BUF on Linux), so that the lines of several processes do not mix.
inline constexpr std::size_t kLongestAuditLine = 4096;

// With its newline, and no longer than kLongestAuditLine: long values are cut.
std::string to_json(const AuditLine& line);

}  // namespace epoch::web
