// What one AuthEpochLDAPWatch is told.
#pragma once

#include <chrono>
#include <string>

#include "core/credentials.h"
#include "core/watch_ledger.h"
#include "ldap/account_state.h"
#include "ldap/directory_url.h"

namespace epoch::ldap {

enum class Method { Auto, Sync, Poll };

// Moved into the watcher; never copied, because it holds the bind password.
struct WatchSettings {
  DirectoryUrl url;
  core::Credentials bind;  // AuthLDAPBindDN and its password; both empty: anonymous
  StateKey key;            // from a secret that outlives restarts and is not in the store
  bool verify_certificate = true;
  Method method = Method::Auto;
  std::chrono::seconds interval{30};           // between two polls
  std::chrono::seconds network_timeout{3};     // to connect, for each host
  std::chrono::seconds operation_timeout{30};  // for an answer, while none is expected to wait
};

// Names the book: another URL, bind DN or key sees other entries, or sees them otherwise, and gets
// a book of its own. The first run with it ends nobody's sessions.
core::WatchId watch_id_of(const WatchSettings& settings);

}  // namespace epoch::ldap
