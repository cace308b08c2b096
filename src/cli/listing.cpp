#include "cli/listing.h"

#include "core/bytes.h"
#include "core/time_text.h"

namespace epoch::cli {
namespace {

using core::time_text;

std::string line_of(const std::string& session, const std::string& state, const std::string& since,
                    const std::string& seen, const std::string& address, const std::string& user,
                    const std::string& zone) {
  return padded(session, 33) + padded(state, 22) + padded(since, 21) + padded(seen, 21) +
         padded(address, 16) + padded(user, 16) + zone;
}

std::string detail(const std::string& name, const std::string& value) {
  return padded(name + ":", 14) + value + "\n";
}

}  // namespace

std::string listing_header() {
  return line_of("SESSION", "STATE", "SIGNED IN", "LAST SEEN", "ADDRESS", "USER", "ZONE");
}

std::string listing_line(const core::Listed& listed, core::TimePoint now) {
  const core::Session& session = listed.session;
  return line_of(core::public_id(listed.key), state_of(listed, now),
                 time_text(session.authenticated), time_text(session.last_seen),
                 printable(session.address), printable(session.identity.user),
                 printable(session.zone));
}

std::string details(const core::Listed& listed, core::TimePoint now) {
  const core::Session& session = listed.session;
  std::string text = detail("Session", core::public_id(listed.key)) +
                     detail("State", state_of(listed, now)) +
                     detail("User", printable(session.identity.user));
  if (!session.identity.dn.empty()) text += detail("DN", printable(session.identity.dn));
  text += detail("Zone", printable(session.zone)) +
          detail("Signed in", time_text(session.authenticated)) +
          detail("Verified", time_text(session.verified)) +
          detail("Last seen", time_text(session.last_seen)) +
          detail("Expires", time_text(session.expires));
  if (session.end) text += detail("Ended", time_text(session.end->at));
  text += detail("Address", printable(session.address)) +
          detail("User agent", printable(session.user_agent));
  if (session.unprompted) text += detail("Opened by", "AuthEpoch Report, without a prompt");
  for (const auto& [name, value] : session.identity.variables) {
    text += detail("Variable", printable(name) + "=" + printable(value));
  }
  return text;
}

Json json_of(const core::Listed& listed, core::TimePoint now) {
  const core::Session& session = listed.session;
  Json variables = Json::object();
  for (const auto& [name, value] : session.identity.variables) variables[name] = value;
  Json json = {{"session", core::public_id(listed.key)},
               {"state", state_of(listed, now)},
               {"live", is_live(listed, now)},
               {"user", session.identity.user},
               {"dn", session.identity.dn},
               {"zone", session.zone},
               {"signed_in", time_text(session.authenticated)},
               {"verified", time_text(session.verified)},
               {"last_seen", time_text(session.last_seen)},
               {"expires", time_text(session.expires)},
               {"address", session.address},
               {"user_agent", session.user_agent},
               {"unprompted", session.unprompted},
               {"variables", std::move(variables)}};
  if (session.end) json["ended"] = time_text(session.end->at);
  return json;
}

std::string state_of(const core::Listed& listed, core::TimePoint now) {
  const core::Session& session = listed.session;
  if (session.end) return std::string(core::to_string(session.end->reason));
  if (listed.outgrown) return std::string(core::to_string(*listed.outgrown));
  if (now >= session.expires) return std::string(core::to_string(core::EndReason::MaxAge));
  return "live";
}

bool is_live(const core::Listed& listed, core::TimePoint now) {
  return !listed.session.end && !listed.outgrown && now < listed.session.expires;
}

}  // namespace epoch::cli
