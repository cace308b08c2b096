#include "httpd/metrics_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace epoch::httpd {
namespace {

using core::EndReason;
using core::LogoutScope;
using core::Reason;

// The exact decimal fraction, as a double would not print it.
std::string seconds_text(std::uint64_t microseconds) {
  std::array<char, 32> fraction{};
  std::snprintf(fraction.data(), fraction.size(), "%06u",
                static_cast<unsigned>(microseconds % 1'000'000));
  std::string text = std::to_string(microseconds / 1'000'000) + "." + fraction.data();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string label_value(std::string_view text) {
  std::string value;
  for (const char c : text) {
    if (c == '\n') {
      value += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') value += '\\';
    value += c;
  }
  return value;
}

class Exposition {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "auth_epoch_" + std::string(name);
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n";
    text_ += "# TYPE " + name_ + " " + std::string(type) + "\n";
  }

  // `labels` as they stand between the braces; empty: none.
  void sample(std::string_view labels, std::string_view value, std::string_view suffix = "") {
    text_.append(name_).append(suffix);
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(value).append("\n");
  }

  void counter(std::string_view name, std::string_view help, const Counter& counter) {
    begin(name, "counter", help);
    sample("", std::to_string(counter.value()));
  }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + label_value(value) + "\"";
}

void write_admissions(Exposition& to, const SharedMetrics& metrics) {
  to.begin("admissions_total", "counter", "Requests let on: of a session, or without one.");
  to.sample(label("kind", "session"), std::to_string(metrics.admissions.value()));
  to.sample(label("kind", "stateless"), std::to_string(metrics.stateless_admissions.value()));
}

void write_refusals(Exposition& to, const SharedMetrics& metrics) {
  to.begin("refusals_total", "counter",
           "Requests not let on, prompts for a password included, by AUTH_EPOCH_REASON.");
  for (std::size_t i = 0; i < SharedMetrics::kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (reason == Reason::None || reason == Reason::SwitchOfUser) continue;
    to.sample(label("reason", core::to_string(reason)),
              std::to_string(metrics.refusals.value(reason)));
  }
}

void write_logouts(Exposition& to, const SharedMetrics& metrics) {
  to.begin("logouts_total", "counter", "Logouts that ended something, by what they reached.");
  const auto write = [&](std::string_view scope, LogoutScope value) {
    to.sample(label("scope", scope), std::to_string(metrics.logouts.value(value)));
  };
  write("this", LogoutScope::ThisBrowser);
  write("others", LogoutScope::OtherBrowsers);
  write("all", LogoutScope::AllBrowsers);
}

void write_ends(Exposition& to, const SharedMetrics& metrics) {
  using Ends = CounterBy<EndReason, SharedMetrics::kEndReasons>;
  const auto write = [&](const Ends& ends, auto concerns) {
    for (std::size_t i = 0; i < SharedMetrics::kEndReasons; ++i) {
      const auto reason = static_cast<EndReason>(i);
      if (!core::is_end_reason(reason) || !concerns(reason)) continue;
      to.sample(label("reason", core::to_string(reason)), std::to_string(ends.value(reason)));
    }
  };
  to.begin("sessions_ended_total", "counter", "Sessions seen to end, by reason.");
  write(metrics.ended_sessions, [](EndReason) { return true; });
  to.begin("accounts_ended_total", "counter",
           "Accounts all of whose sessions the directory watch has ended, by reason.");
  write(metrics.ended_accounts, [](EndReason reason) {
    return reason == EndReason::PasswordChanged || reason == EndReason::AccountBarred ||
           reason == EndReason::AccountGone || reason == EndReason::AccountRenamed;
  });
}

void write_store(Exposition& to, const SharedMetrics& metrics) {
  to.counter("store_errors_total", "Operations that the store could not carry out.",
             metrics.store_errors);
  to.begin("store_write_duration_seconds", "histogram",
           "How long durable writes took, waiting for other writers included.");
  const DurationHistogram& writes = metrics.store_writes;
  constexpr std::size_t kAll = DurationHistogram::kBounds.size();
  std::array<std::uint64_t, kAll + 1> counts{};
  for (std::size_t i = 0; i <= kAll; ++i) counts[i] = writes.up_to(i);
  for (std::size_t i = 0; i < kAll; ++i) {
    to.sample(label("le", seconds_text(DurationHistogram::kBounds[i])), std::to_string(counts[i]),
              "_bucket");
  }
  to.sample(label("le", "+Inf"), std::to_string(counts[kAll]), "_bucket");
  to.sample("", seconds_text(static_cast<std::uint64_t>(writes.sum().count())), "_sum");
  to.sample("", std::to_string(counts[kAll]), "_count");
}

void write_state(Exposition& to, const WatchedDirectory& directory) {
  const auto write = [&](std::string_view name, bool is_in) {
    to.sample(label("directory", directory.url) + "," + label("state", name), is_in ? "1" : "0");
  };
  write("unwatched", !directory.status);
  for (const auto state : {ldap::WatcherState::Connecting, ldap::WatcherState::Refreshing,
                           ldap::WatcherState::Following, ldap::WatcherState::Failing}) {
    write(ldap::to_string(state), directory.status && directory.status->state == state);
  }
}

void write_watches(Exposition& to, const std::vector<WatchedDirectory>& directories,
                   core::TimePoint now) {
  if (directories.empty()) return;
  const auto each = [&](auto value_of) {
    for (const WatchedDirectory& directory : directories) {
      if (!directory.status) continue;
      const std::optional<std::string> value = value_of(*directory.status);
      if (value) to.sample(label("directory", directory.url), *value);
    }
  };
  to.begin("watch_state", "gauge",
           "1 for the state that the watch of the directory is in, else 0.");
  for (const WatchedDirectory& directory : directories) write_state(to, directory);
  to.begin("watch_lag_seconds", "gauge",
           "For how long changes of the directory may have gone unnoticed.");
  each([&](const ldap::WatcherStatus& status) -> std::optional<std::string> {
    const std::optional<core::Seconds> lag = status.lag(now);
    if (!lag) return std::nullopt;
    return std::to_string(std::max(lag->count(), core::Seconds::rep{0}));
  });
  to.begin("watch_entries", "gauge", "Entries of the directory that are watched.");
  each([](const ldap::WatcherStatus& status) -> std::optional<std::string> {
    return std::to_string(status.tally.entries);
  });
  to.begin("watch_ended_accounts_total", "counter",
           "Accounts whose sessions this watch has ended since it began.");
  each([](const ldap::WatcherStatus& status) -> std::optional<std::string> {
    return std::to_string(status.tally.ended);
  });
}

void write_census(Exposition& to, const Census& census) {
  if (census.empty()) return;
  to.begin("sessions_live", "gauge",
           "Sessions that live in the zone, as the last pass over the store has found.");
  for (const auto& [zone, sessions] : census) {
    to.sample(label("zone", zone), std::to_string(sessions));
  }
}

template <typename Value, std::size_t kCount>
std::uint64_t sum_of(const CounterBy<Value, kCount>& counters) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kCount; ++i) sum += counters.value(static_cast<Value>(i));
  return sum;
}

}  // namespace

std::array<Total, 7> totals_of(const SharedMetrics& metrics) noexcept {
  return {{{"Logins", "sessions opened", metrics.logins.value()},
           {"FailedLogins", "logins refused by the provider", metrics.failed_logins.value()},
           {"Admissions", "requests of sessions let on", metrics.admissions.value()},
           {"Refusals", "requests not let on, prompts included", sum_of(metrics.refusals)},
           {"Logouts", "logouts", sum_of(metrics.logouts)},
           {"SessionsEnded", "sessions seen to end", sum_of(metrics.ended_sessions)},
           {"StoreErrors", "errors of the store", metrics.store_errors.value()}}};
}

std::string metrics_text(const SharedMetrics& metrics,
                         const std::vector<WatchedDirectory>& directories, const Census& census,
                         core::TimePoint now) {
  Exposition to;
  to.counter("logins_total", "Sessions opened.", metrics.logins);
  to.counter("failed_logins_total", "Logins that the provider or Require refused.",
             metrics.failed_logins);
  write_admissions(to, metrics);
  write_refusals(to, metrics);
  write_logouts(to, metrics);
  write_ends(to, metrics);
  write_store(to, metrics);
  write_census(to, census);
  to.counter("audit_lines_lost_total", "Lines that the audit log could not take.",
             metrics.lost_audit_lines);
  write_watches(to, directories, now);
  return std::move(to).text();
}

}  // namespace epoch::httpd
