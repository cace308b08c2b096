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

void Child::note_store_answer(const request_rec* r, const std::string& error) noexcept {
  const bool out = !error.empty();
  if (store_is_out_.load(std::memory_order_relaxed) == out) return;
  if (store_is_out_.exchange(out) == out) return;
  if (out) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "the store cannot answer: %s. Until it does, requests are answered 503; no "
                  "session is lost",
                  error.c_str());
  } else {
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, "the store answers again");
  }
}

Process& process_of(const server_rec* server) { return *server_config_of(server).process; }

}  // namespace epoch::httpd
