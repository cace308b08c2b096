// AuthEpochLDAPWatch: what is watched, and the process that does it.
#pragma once

#include <httpd.h>

#include <memory>
#include <string>
#include <vector>

#include "core/keys.h"
#include "core/result.h"
#include "httpd/module.h"
#include "httpd/watch_status.h"
#include "ldap/watch_settings.h"
#include "ldap/watcher.h"
#include "store/lmdb_store.h"

namespace epoch::httpd {

struct Watch {
  core::WatchId id;
  std::string directory;  // the URL, for people
  // Taken by the process that watches.
  std::shared_ptr<ldap::WatchSettings> settings;
};

// What the sections of all virtual hosts ask for, the same thing once. Runs `exec:` commands of
// AuthLDAPBindPassword. Malformed: a sentence that names the section.
core::Result<std::vector<Watch>> watches_of(apr_pool_t* pconf, server_rec* main,
                                            const core::KeyRing& keys);

// Watches, as long as it lives, in the process that httpd lets do it. The store, the status and the
// server outlive it.
class Watching {
 public:
  // Takes the settings out of `watches`.
  Watching(std::vector<Watch>& watches, store::LmdbStore& store, SharedWatchStatus& status,
           server_rec* main);

 private:
  std::vector<std::unique_ptr<ldap::Watcher>> watchers_;
};

}  // namespace epoch::httpd
