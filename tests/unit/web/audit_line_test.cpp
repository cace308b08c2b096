#include "web/audit_line.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace epoch::web {
namespace {

using std::chrono::milliseconds;

AuditLine line_of_everything(std::string_view value) {
  AuditLine line;
  for (std::string_view AuditLine::*field :
       {&AuditLine::event, &AuditLine::reason, &AuditLine::initiator, &AuditLine::scope,
        &AuditLine::user, &AuditLine::account, &AuditLine::zone, &AuditLine::session,
        &AuditLine::address, &AuditLine::user_agent, &AuditLine::request_id, &AuditLine::node}) {
    line.*field = value;
  }
  return line;
}

TEST(AuditLine, IsOneJsonObjectWithAllFieldsInOrder) {
  AuditLine line = line_of_everything("x");
  line.time += milliseconds(1'700'000'000'042);
  EXPECT_EQ(to_json(line),
            R"({"time":"2023-11-14T22:13:20.042Z","event":"x","reason":"x","initiator":"x",)"
            R"("scope":"x","user":"x","account":"x","zone":"x","session":"x","address":"x",)"
            R"("user_agent":"x","request_id":"x","node":"x"})"
            "\n");
}

TEST(AuditLine, LeavesOutWhatHasNoValue) {
  AuditLine line;
  line.event = "login";
  line.user = "alice";
  EXPECT_EQ(to_json(line),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"login\",\"user\":\"alice\"}\n");
}

TEST(AuditLine, StaysOneLineWhateverTheUserWrites) {
  const std::string json = to_json(line_of_everything("a\"}\n{\"event\":\"forged\r\xc2\x85\xff"));
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1);
  EXPECT_EQ(json.find('\r'), std::string::npos);
  EXPECT_EQ(json.find("\xc2\x85"), std::string::npos);
  EXPECT_NE(json.find(R"("user":"a\"}\u000a{\"event\":\"forged\u000d\u0085)"), std::string::npos);
}

TEST(AuditLine, IsNeverLongerThanWhatAPipeTakesWhole) {
  for (const char c : {'a', '\n', '\xff', '"'}) {
    const std::string value(10'000, c);
    const std::string json = to_json(line_of_everything(value));
    EXPECT_LE(json.size(), kLongestAuditLine);
    EXPECT_TRUE(json.ends_with("\xe2\x80\xa6\"}\n"));
  }
}

}  // namespace
}  // namespace epoch::web
