#include "web/status_json.h"

#include <gtest/gtest.h>

namespace epoch::web {
namespace {

using core::EndReason;
using core::Seconds;
using core::SessionState;

TEST(StatusJson, ALiveSessionHasTimesAndAWordForThePerson) {
  EXPECT_EQ(status_json({.state = SessionState::Live,
                         .reason = {},
                         .idle_left = Seconds(1790),
                         .age_left = Seconds(43000),
                         .person = "q83v",
                         .found_over = {}}),
            "{\"state\":\"live\",\"idle_seconds_left\":1790,\"absolute_seconds_left\":43000,"
            "\"person\":\"q83v\"}\n");
}

TEST(StatusJson, AnEndedOneHasAReason) {
  core::SessionStatus status;
  status.state = SessionState::Ended;
  EXPECT_EQ(status_json(status), "{\"state\":\"ended\",\"reason\":\"unknown\"}\n");
  status.reason = EndReason::IdleTimeout;
  EXPECT_EQ(status_json(status), "{\"state\":\"ended\",\"reason\":\"idle-timeout\"}\n");
}

TEST(StatusJson, WithoutOneThereIsNothingElseToSay) {
  EXPECT_EQ(status_json({}), "{\"state\":\"none\"}\n");
}

}  // namespace
}  // namespace epoch::web
