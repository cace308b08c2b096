// What one httpd process has: made before the fork, completed in the child.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/keys.h"
#include "core/service.h"
#include "httpd/audit.h"
#include "httpd/ldap_functions.h"
#include "httpd/measured_store.h"
#include "httpd/module.h"
#include "httpd/shared_census.h"
#include "httpd/shared_failures.h"
#include "httpd/shared_metrics.h"
#include "httpd/shared_outages.h"
#include "httpd/shared_verifications.h"
#include "httpd/space.h"
#include "httpd/watch.h"
#include "store/lmdb_store.h"
#include "store/system_entropy.h"

namespace epoch::httpd {

class Upkeep;

// What the store was asked for. A disk that is full, say, can be read all the same.
enum class StoreUse { Reading, Writing };

// What a child has. Opens the store, so it is made after the fork; lives as long as the process.
class Child {
 public:
  Child(store::StoreOptions options, const core::KeyRing& keys, SharedMetrics& metrics);

  [[nodiscard]] core::Service& service() noexcept { return service_; }
  [[nodiscard]] core::SessionStore& sessions() noexcept { return measured_store_; }

  // Tells the log when the store stops answering and when it answers again: once each, not once a
  // request. `error` is empty where it answered.
  void note_store_answer(const request_rec* r, StoreUse use, const std::string& error);
  [[nodiscard]] store::LmdbStore& store() noexcept { return store_; }

 private:
  store::SystemEntropy entropy_;
  core::ProofMemo proof_memo_;
  store::LmdbStore store_;
  MeasuredStore measured_store_;
  core::Service service_;
  std::atomic<bool> reading_fails_{false};
  std::atomic<bool> writing_fails_{false};
};

// What the parent prepares for its children. Belongs to the configuration pool; the children get
// their own copy of the memory by the fork.
struct Process {
  explicit Process(core::KeyRing ring) : keys(std::move(ring)) {}

  core::KeyRing keys;
  SpaceBook spaces;
  store::StoreOptions store_options;
  unsigned char* warned_of_plain_http = nullptr;  // one byte a virtual host, shared by all children
  SharedVerifications* verifications = nullptr;   // likewise, and never nullptr
  SharedOutages* outages = nullptr;               // likewise
  SharedFailures* failures = nullptr;             // likewise, and over restarts
  SharedMetrics* metrics = nullptr;               // likewise
  SharedCensus* census = nullptr;                 // likewise
  AuditLog* audit = nullptr;                      // nullptr: none
  std::vector<Watch> watches;
  apr_proc_mutex_t* watch_turn = nullptr;     // never nullptr
  SharedWatchStatus* watch_status = nullptr;  // shared by all children, and never nullptr
  // Whether the verifier tells all about who lets a request on: false where a module that we do not
  // know authenticates behind us, or authorization asks a directory of its own.
  bool verifiers_tell_all = true;
  ap_filter_rec_t* cache_control = nullptr;  // epoch_cache_control_filter(), never nullptr
  LdapFunctions ldap;                        // set by epoch_wrap_ldap_functions()
  server_rec* main_server = nullptr;
  Child* child = nullptr;        // set in child_init; nullptr in the parent
  Watching* watching = nullptr;  // likewise, and never destroyed either
  Upkeep* upkeep = nullptr;      // likewise
};

// The process that serves this virtual host. Set by epoch_post_config().
Process& process_of(const server_rec* server);

}  // namespace epoch::httpd
