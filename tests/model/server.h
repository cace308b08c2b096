// httpd with the module: carries out what core::Service decides, on a store in memory, under a
// clock of the model's. What stands here corresponds to src/httpd/authn.cpp, fixups.cpp and
// logout.cpp, and should stay as thin as it is.
#pragma once

#include <map>
#include <optional>

#include "rules.h"

namespace epoch::model {

// A value: a copy is another server in the same state.
struct Server {
  store::MemoryStore store{core::Hash256{1}};
  core::TimePoint now{core::Seconds(1'800'000'000)};
  std::map<core::RecordKey, core::TimePoint> seen = {};  // last-seen times not yet written
  std::uint64_t entropy = 0;                             // how much randomness has been drawn
  unsigned refusals = 0;                                 // for a rule that changes the realm
};

// What a step at the server came to, for the properties and for the story.
struct Served {
  std::optional<core::Verdict> verdict = {};
  std::optional<core::OpenOutcome> opened = {};
  std::optional<core::RecordKey> accepted = {};  // the request was let on, as this session
  std::optional<core::LoggedOut> logout = {};
  bool refused_logout = false;
};

const core::KeyRing& signing_keys();

// What the request presents, in the core's terms; `cookie_header` outlives the result.
core::RequestTraits traits_of(Load load, const Setting& setting);
std::string cookie_name_of(const Space& space);
std::string zone_name_of(const Space& space);

// check_authn, and the logout handler: leaves the request Answered, or Verifying.
Served serve(Server& server, Request& request, const Setting& setting, const Rules& rules);

// The directory has answered; fixups. Leaves the request Answered.
Served verify(Server& server, Request& request, const Setting& setting, const Rules& rules);

// The timer that writes last-seen times.
void flush_last_seen(Server& server, const Setting& setting, const Rules& rules);

}  // namespace epoch::model
