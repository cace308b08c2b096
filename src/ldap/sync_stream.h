// Content synchronisation over a connection: hands what the server sends to a SyncFollower.
#pragma once

#include <functional>

#include "core/result.h"
#include "ldap/book.h"
#include "ldap/connection.h"
#include "ldap/sync_follower.h"

namespace epoch::ldap {

// Why a conversation ended. It never ends by itself.
struct SyncEnd {
  enum class Next {
    TryAgain,   // from the cookie
    StartOver,  // the cookie is worth nothing to the server, or to us
    Poll,       // the server does not offer it for this database
  };
  Next next;
  core::Error error;
};

// Called between messages, and at least once a second. `refreshed`: the ledger says what the
// directory says. An error ends the conversation.
using SyncTick = std::function<core::Result<core::Done>(bool refreshed)>;

// Follows until something goes wrong. `use_cookie` false: starts over, and keeps the ledger to
// compare with. What was gathered but not written is dropped from the book.
SyncEnd follow_by_sync(Connection& connection, Book& book, const StateKey& key, bool use_cookie,
                       const SyncTick& tick);

}  // namespace epoch::ldap
