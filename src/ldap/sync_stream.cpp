#include "ldap/sync_stream.h"

#include "ldap/ldap_errors.h"
#include "ldap/sync_messages.h"

namespace epoch::ldap {
namespace {

using core::Done;
using core::Error;
using core::ErrorCode;
using core::Result;
using core::TimePoint;
using std::chrono::milliseconds;
using Next = SyncEnd::Next;

constexpr milliseconds kQuiet{1000};
// A server that hangs keeps its connections: TCP answers for it.
constexpr std::chrono::seconds kLongestQuiet{15};

TimePoint now() { return std::chrono::floor<core::Seconds>(std::chrono::system_clock::now()); }

Error garbled(const char* what) {
  return {ErrorCode::Malformed,
          std::string("the directory sent ") + what + " that RFC 4533 does not describe"};
}

core::Bytes bytes_in(const berval& value) { return core::bytes_of({value.bv_val, value.bv_len}); }

Result<Done> take_entry(LDAP* ldap, LDAPMessage* message, SyncFollower& follower) {
  LDAPControl** list = nullptr;
  if (ldap_get_entry_controls(ldap, message, &list) != LDAP_SUCCESS) {
    return garbled("an entry without a control");
  }
  const ControlsHandle controls(list);
  const LDAPControl* control = ldap_control_find(kSyncStateOid, list, nullptr);
  if (control == nullptr) return garbled("an entry without a control");
  const std::optional<SyncState> state = decode_sync_state(bytes_in(control->ldctl_value));
  if (!state) return garbled("a sync state");
  return follower.take(*state, entry_in(ldap, message), now());
}

Result<Done> take_intermediate(LDAP* ldap, LDAPMessage* message, SyncFollower& follower) {
  char* name = nullptr;
  berval* content = nullptr;
  const int code = ldap_parse_intermediate(ldap, message, &name, &content, nullptr, 0);
  const TextHandle oid(name);
  const BervalHandle value(content);
  if (code != LDAP_SUCCESS) return garbled("a message");
  if (!oid || std::string_view(oid.get()) != kSyncInfoOid) return Done{};
  if (!value) return garbled("a sync info");
  const std::optional<SyncInfo> info = decode_sync_info(bytes_in(*value));
  if (!info) return garbled("a sync info");
  return follower.take(*info, now());
}

// OpenLDAP refuses a cookie newer than its data (restored from a backup) as unwilling to perform,
// and one that it cannot read as a protocol error.
SyncEnd end_of(Connection& connection, LDAPMessage* message, bool had_cookie) {
  const int code = connection.code_of(message);
  const Result<Done> result = connection.result_of(message);
  const Error error =
      result ? Error{ErrorCode::Unavailable, "the directory has ended the content synchronisation"}
             : result.error();
  if (code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION) return {Next::Poll, error};
  const bool cookie_is_refused = code == LDAP_SYNC_REFRESH_REQUIRED ||
                                 code == LDAP_UNWILLING_TO_PERFORM || code == LDAP_PROTOCOL_ERROR;
  return {had_cookie && cookie_is_refused ? Next::StartOver : Next::TryAgain, error};
}

SyncEnd end_of(const Error& error) {
  return {error.code == ErrorCode::Malformed ? Next::StartOver : Next::TryAgain, error};
}

Result<Done> take(LDAP* ldap, LDAPMessage* message, SyncFollower& follower) {
  switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
      return take_entry(ldap, message, follower);
    case LDAP_RES_INTERMEDIATE:
      return take_intermediate(ldap, message, follower);
    default:
      return Done{};  // a referral: what stands elsewhere is not watched
  }
}

SyncEnd converse(Connection& connection, int operation, SyncFollower& follower, bool had_cookie,
                 const SyncTick& tick) {
  milliseconds patience = kQuiet;
  auto heard = std::chrono::steady_clock::now();
  for (;;) {
    Result<MessageHandle> message = connection.next(operation, patience);
    if (!message) return end_of(message.error());
    Result<Done> done = Done{};
    if (!*message) {
      done = follower.rest(now());
      patience = kQuiet;
      if (done && std::chrono::steady_clock::now() - heard >= kLongestQuiet) {
        done = connection.ask_for_a_sign_of_life();
        heard = std::chrono::steady_clock::now();
      }
    } else if (ldap_msgtype(message->get()) == LDAP_RES_SEARCH_RESULT) {
      return end_of(connection, message->get(), had_cookie);
    } else {
      done = take(connection.handle(), message->get(), follower);
      heard = std::chrono::steady_clock::now();
      patience = milliseconds(0);  // what waits is taken before anything is written
    }
    if (done) done = tick(follower.is_refreshed());
    if (!done) return end_of(done.error());
  }
}

}  // namespace

SyncEnd follow_by_sync(Connection& connection, Book& book, const StateKey& key, bool use_cookie,
                       const SyncTick& tick) {
  std::optional<std::string> cookie;
  if (use_cookie) {
    Result<std::optional<std::string>> kept = book.cookie();
    if (!kept) return end_of(kept.error());
    cookie = std::move(*kept);
  }
  const Result<int> operation = connection.start_sync(cookie);
  if (!operation) return end_of(operation.error());
  SyncFollower follower(book, connection, key, cookie.has_value());
  const SyncEnd end = converse(connection, *operation, follower, cookie.has_value(), tick);
  book.discard();
  return end;
}

}  // namespace epoch::ldap
