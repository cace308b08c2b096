#include "web/status_json.h"

#include "web/escape.h"

namespace epoch::web {

std::string status_json(const core::SessionStatus& status) {
  switch (status.state) {
    case core::SessionState::None:
      break;
    case core::SessionState::Live:
      return "{\"state\":\"live\",\"idle_seconds_left\":" +
             std::to_string(status.idle_left.count()) +
             ",\"absolute_seconds_left\":" + std::to_string(status.age_left.count()) +
             ",\"person\":" + json_string(status.person) + "}\n";
    case core::SessionState::Ended:
      return "{\"state\":\"ended\",\"reason\":" +
             json_string(status.reason ? core::to_string(*status.reason) : "unknown") + "}\n";
  }
  return "{\"state\":\"none\"}\n";
}

}  // namespace epoch::web
