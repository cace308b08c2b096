#include "httpd/process.h"

#include <httpd.h>

#include <http_log.h>

#include <utility>

#include "httpd/config.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {

Child::Child(store::StoreOptions options, const core::KeyRing& keys, SharedMetrics& metrics)
    : proof_memo_(entropy_, options.kept_sessions),
      store_(std::move(options)),
      measured_store_(store_, metrics),
      service_(measured_store_, keys, entropy_, &proof_memo_) {}

void Child::note_store_answer(const request_rec* r, StoreUse use, const std::string& error) {
  const bool fails = !error.empty();
  // What cannot be read cannot be written either, and is said once.
  if (fails && use == StoreUse::Writing && !store_.moment()) use = StoreUse::Reading;
  std::atomic<bool>& failed = use == StoreUse::Reading ? reading_fails_ : writing_fails_;
  if (failed.load(std::memory_order_relaxed) == fails) return;
  if (failed.exchange(fails) == fails) return;
  if (!fails) {
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                  use == StoreUse::Reading ? "the store answers again"
                                           : "the store answers again and can be written");
  } else if (use == StoreUse::Reading) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "the store cannot answer: %s Until it does, requests are answered 503; no "
                  "session is lost",
                  error.c_str());
  } else {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "the store cannot answer what would be written: %s Until it does, logins and "
                  "logouts are answered 503; no session is lost",
                  error.c_str());
  }
}

Process& process_of(const server_rec* server) { return *server_config_of(server).process; }

}  // namespace epoch::httpd
