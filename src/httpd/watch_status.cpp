#include "httpd/watch_status.h"

#include <httpd.h>

#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <mod_status.h>

#include <algorithm>

#include "httpd/boundary.h"
#include "httpd/config.h"
#include "httpd/metrics_text.h"
#include "httpd/process.h"

namespace epoch::httpd {
namespace {

// It speaks every second.
constexpr std::int64_t kSilentFor = 10;

std::int64_t now_in_seconds() noexcept { return apr_time_sec(apr_time_now()); }

std::int64_t seconds_of(const std::optional<core::TimePoint>& at) noexcept {
  return at ? std::int64_t{at->time_since_epoch().count()} : 0;
}

std::optional<core::TimePoint> time_of_seconds(std::int64_t seconds) noexcept {
  if (seconds == 0) return std::nullopt;
  return core::TimePoint(core::Seconds(seconds));
}

std::string clock_text(const std::optional<core::TimePoint>& at) {
  if (!at) return "never";
  std::array<char, APR_RFC822_DATE_LEN> text{};
  apr_rfc822_date(text.data(), apr_time_from_sec(at->time_since_epoch().count()));
  return text.data();
}

std::string state_of(const std::optional<ldap::WatcherStatus>& status) {
  return status ? std::string(ldap::to_string(status->state)) : "not watched";
}

void write_counters(request_rec* r, const SharedMetrics& metrics, bool is_plain) {
  if (!is_plain) ap_rputs("<hr />\n<h2>Sessions of mod_auth_epoch</h2>\n<dl>\n", r);
  for (const Total& total : totals_of(metrics)) {
    const std::string value = std::to_string(total.value);
    if (is_plain) {
      ap_rprintf(r, "AuthEpoch%s: %s\n", total.name, value.c_str());
    } else {
      ap_rprintf(r, "<dt>%s: <b>%s</b></dt>\n", total.words, value.c_str());
    }
  }
  if (!is_plain) ap_rputs("</dl>\n", r);
}

// For `?auto`: a line a value, as mod_status has them.
void write_plain(request_rec* r, std::size_t number, const Watch& watch,
                 const std::optional<ldap::WatcherStatus>& status) {
  const std::string prefix = "AuthEpochWatch" + std::to_string(number);
  ap_rprintf(r, "%sDirectory: %s\n", prefix.c_str(), watch.directory.c_str());
  ap_rprintf(r, "%sState: %s\n", prefix.c_str(), state_of(status).c_str());
  if (!status) return;
  ap_rprintf(r, "%sMethod: %s\n", prefix.c_str(),
             std::string(ldap::to_string(status->method)).c_str());
  ap_rprintf(r, "%sSince: %" APR_INT64_T_FMT "\n", prefix.c_str(), seconds_of(status->since));
  ap_rprintf(r, "%sCurrentAsOf: %" APR_INT64_T_FMT "\n", prefix.c_str(),
             seconds_of(status->current_as_of));
  ap_rprintf(r, "%sEntries: %" APR_UINT64_T_FMT "\n", prefix.c_str(),
             apr_uint64_t{status->tally.entries});
  ap_rprintf(r, "%sEnded: %" APR_UINT64_T_FMT "\n", prefix.c_str(),
             apr_uint64_t{status->tally.ended});
}

void write_html(request_rec* r, const Watch& watch,
                const std::optional<ldap::WatcherStatus>& status) {
  ap_rprintf(r, "<dt>%s: <b>%s</b>", ap_escape_html(r->pool, watch.directory.c_str()),
             state_of(status).c_str());
  if (!status) {
    ap_rputs("</dt>\n", r);
    return;
  }
  ap_rprintf(r, " since %s, by %s</dt>\n", clock_text(status->since).c_str(),
             std::string(ldap::to_string(status->method)).c_str());
  ap_rprintf(r,
             "<dt>%" APR_UINT64_T_FMT " entries, %" APR_UINT64_T_FMT
             " accounts ended, last change noted: %s, up to date as of: %s</dt>\n",
             apr_uint64_t{status->tally.entries}, apr_uint64_t{status->tally.ended},
             clock_text(status->tally.last_change).c_str(),
             clock_text(status->current_as_of).c_str());
  if (status->state == ldap::WatcherState::Failing) {
    ap_rprintf(r, "<dt>%s</dt>\n", ap_escape_html(r->pool, status->last_error.c_str()));
  }
}

int write_status(request_rec* r, int flags) {
  const Process* process = server_config_of(r->server).process;
  if (process == nullptr) return DECLINED;
  const bool is_plain = (flags & AP_STATUS_SHORT) != 0;
  write_counters(r, *process->metrics, is_plain);
  if (process->watches.empty()) return OK;
  if (!is_plain) ap_rputs("<hr />\n<h2>Directories watched by mod_auth_epoch</h2>\n<dl>\n", r);
  for (std::size_t i = 0; i < process->watches.size(); ++i) {
    const std::optional<ldap::WatcherStatus> status = process->watch_status->read(i);
    if (is_plain) {
      write_plain(r, i, process->watches[i], status);
    } else {
      write_html(r, process->watches[i], status);
    }
  }
  if (!is_plain) ap_rputs("</dl>\n", r);
  return OK;
}

}  // namespace

void SharedWatchStatus::publish(std::size_t number, const ldap::WatcherStatus& status) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return;
  Slot& slot = slots_[number];
  slot = {.published = now_in_seconds(),
          .since = seconds_of(status.since),
          .last_change = seconds_of(status.tally.last_change),
          .current_as_of = seconds_of(status.current_as_of),
          .entries = status.tally.entries,
          .ended = status.tally.ended,
          .state = status.state,
          .method = status.method,
          .error = {}};
  const std::size_t length = std::min(status.last_error.size(), slot.error.size() - 1);
  std::copy_n(status.last_error.begin(), length, slot.error.begin());
}

std::optional<ldap::WatcherStatus> SharedWatchStatus::read(std::size_t number) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return std::nullopt;
  if (lock.inherited()) slots_[number] = {};  // it may be half written
  const Slot& slot = slots_[number];
  if (now_in_seconds() - slot.published > kSilentFor) return std::nullopt;
  ldap::WatcherStatus status;
  status.state = slot.state;
  status.since = core::TimePoint(core::Seconds(slot.since));
  status.method = slot.method;
  status.tally = {.entries = slot.entries,
                  .ended = slot.ended,
                  .last_change = time_of_seconds(slot.last_change)};
  status.last_error = slot.error.data();
  status.current_as_of = time_of_seconds(slot.current_as_of);
  return status;
}

}  // namespace epoch::httpd

int epoch_status(request_rec* r, int flags) {
  return epoch::httpd::guarded(r, DECLINED, [&] { return epoch::httpd::write_status(r, flags); });
}
