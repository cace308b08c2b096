#include "cli/listing.h"

#include <ctime>

#include "core/bytes.h"
#include "core/text.h"

namespace epoch::cli {
namespace {

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (core::is_control(c)) {
      shown += "\\x" + core::hex(core::bytes_of({&c, 1}));
    } else {
      shown.push_back(c);
    }
  }
  return shown;
}

// RFC 3339, UTC.
std::string time_text(core::TimePoint at) {
  const std::time_t seconds = at.time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text, length};
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string line_of(const std::string& session, const std::string& state, const std::string& since,
                    const std::string& seen, const std::string& address, const std::string& user,
                    const std::string& zone) {
  return padded(session, 33) + padded(state, 22) + padded(since, 21) + padded(seen, 21) +
         padded(address, 16) + padded(user, 16) + zone;
}

}  // namespace

std::string listing_header() {
  return line_of("SESSION", "STATE", "SIGNED IN", "LAST SEEN", "ADDRESS", "USER", "ZONE");
}

std::string listing_line(const core::Listed& listed, core::TimePoint now) {
  const core::Session& session = listed.session;
  return line_of(core::public_id(listed.key), state_of(listed, now),
                 time_text(session.authenticated), time_text(session.last_seen),
                 printable(session.address) + " ", printable(session.identity.user) + " ",
                 printable(session.zone));
}

std::string state_of(const core::Listed& listed, core::TimePoint now) {
  const core::Session& session = listed.session;
  if (session.end) return std::string(core::to_string(session.end->reason));
  if (listed.outgrown) return std::string(core::to_string(*listed.outgrown));
  if (now >= session.expires) return std::string(core::to_string(core::EndReason::MaxAge));
  return "live";
}

}  // namespace epoch::cli
