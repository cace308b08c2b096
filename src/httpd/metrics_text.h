// The counters in Prometheus' text exposition format, version 0.0.4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "httpd/shared_census.h"
#include "httpd/shared_metrics.h"
#include "ldap/watcher_status.h"

namespace epoch::httpd {

struct WatchedDirectory {
  std::string url;
  std::optional<ldap::WatcherStatus> status;  // nullopt: nobody watches
};

inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

// What server-status shows of them: sums since the start.
struct Total {
  const char* name;   // for ?auto, without the prefix
  const char* words;  // for people
  std::uint64_t value;
};
std::array<Total, 7> totals_of(const SharedMetrics& metrics) noexcept;

std::string metrics_text(const SharedMetrics& metrics,
                         const std::vector<WatchedDirectory>& directories, const Census& census,
                         core::TimePoint now);

}  // namespace epoch::httpd
