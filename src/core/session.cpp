#include "core/session.h"

#include <algorithm>

namespace epoch::core {

std::string_view to_string(EndReason reason) noexcept {
  switch (reason) {
    case EndReason::LoggedOut:
      return "logged-out";
    case EndReason::Superseded:
      return "superseded";
    case EndReason::IdleTimeout:
      return "idle-timeout";
    case EndReason::MaxAge:
      return "max-age";
    case EndReason::EpochGrown:
      return "logged-out-everywhere";
  }
  return "unknown";
}

Hash256 proof_of(const SessionId& id, const Credentials& credentials) {
  return hmac_sha256(id.value, {bytes_of("proof"), bytes_of(credentials.user()),
                                bytes_of(credentials.password())});
}

Seconds flush_interval(Seconds idle_limit) noexcept {
  return std::min(Seconds(60), idle_limit / 4);
}

std::optional<EndReason> overdue(const Session& session, bool epochs_current, const Limits& limits,
                                 TimePoint now) noexcept {
  if (!epochs_current) return EndReason::EpochGrown;
  if (now >= std::min(session.expires, session.created + limits.max_age)) return EndReason::MaxAge;
  if (now - session.last_seen >= limits.idle + flush_interval(limits.idle)) {
    return EndReason::IdleTimeout;
  }
  return std::nullopt;
}

bool is_live(const Session& session, bool epochs_current, const Limits& limits,
             TimePoint now) noexcept {
  return !session.end && !overdue(session, epochs_current, limits, now);
}

TimePoint forgettable_from(const Record& record) noexcept {
  TimePoint last_named = record.succession.changed;
  if (record.session) {
    last_named = std::max(last_named,
                          record.session->end ? record.session->end->at : record.session->expires);
  }
  return last_named + kChallengeLife;
}

}  // namespace epoch::core
