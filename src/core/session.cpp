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
    case EndReason::PasswordRefused:
      return "password-refused";
    case EndReason::PasswordChanged:
      return "password-changed";
    case EndReason::AccountBarred:
      return "account-barred";
    case EndReason::AccountGone:
      return "account-gone";
    case EndReason::AccountRenamed:
      return "account-renamed";
    case EndReason::EndedByAdministrator:
      return "ended-by-administrator";
    case EndReason::SessionLimit:
      return "session-limit";
  }
  return "unknown";
}

bool is_end_reason(EndReason reason) noexcept {
  return reason >= EndReason::LoggedOut && reason <= EndReason::SessionLimit;
}

Verifier verifier_of(const Hash256& digest) noexcept {
  Verifier verifier;
  std::copy_n(digest.begin(), verifier.size(), verifier.begin());
  return verifier;
}

void mark_ended(NamedSession& named, EndReason reason, TimePoint at) {
  named.session = named.session.changed(
      [&](Session& session) { session.end = End{.reason = reason, .at = at}; });
}

Hash256 proof_of(const SessionId& id, const Credentials& credentials) {
  return hmac_sha256(id.value, {bytes_of("proof"), bytes_of(credentials.user()),
                                bytes_of(credentials.password())});
}

Seconds flush_interval(Seconds idle_limit) noexcept {
  return std::min(Seconds(60), idle_limit / 4);
}

std::string subject_of(const Identity& identity) {
  return identity.account ? std::string(text_of(*identity.account)) : identity.user;
}

Deadlines deadlines_of(const Session& session, const Limits& limits) noexcept {
  return {.idle = session.last_seen + limits.idle + flush_interval(limits.idle),
          .age = std::min(session.expires, session.created + limits.max_age)};
}

std::optional<EndReason> overdue(const Session& session, std::optional<EndReason> outgrown,
                                 const Limits& limits, TimePoint now) noexcept {
  if (outgrown) return outgrown;
  const Deadlines deadlines = deadlines_of(session, limits);
  if (now >= deadlines.age) return EndReason::MaxAge;
  if (now >= deadlines.idle) return EndReason::IdleTimeout;
  return std::nullopt;
}

bool is_live(const Session& session, std::optional<EndReason> outgrown, const Limits& limits,
             TimePoint now) noexcept {
  return !session.end && !overdue(session, outgrown, limits, now);
}

bool knows_later(const Session& session, TimePoint at) noexcept {
  constexpr Seconds kLongestRequest = std::chrono::minutes(10);
  return at <= session.verified && session.verified - at < kLongestRequest;
}

TimePoint forgettable_from(const Record& record) noexcept {
  TimePoint last_named = record.succession.changed;
  if (record.session) {
    last_named = std::max(last_named,
                          record.session->end ? record.session->end->at : record.session->expires);
  }
  return last_named + kRemembered;
}

}  // namespace epoch::core
