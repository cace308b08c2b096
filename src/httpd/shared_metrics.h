// What is counted, in memory that httpd's processes share.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/decision.h"
#include "core/service.h"
#include "core/session.h"

namespace epoch::httpd {

// Counts since httpd was started or restarted. No lock: a reader may see one count before another
// that was made earlier. What changes together shares cache lines, and nothing else does.
class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    value_.fetch_add(amount, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "it works between processes");
};

// One counter for each value of an enumeration. A value beyond the last is not counted.
template <typename Value, std::size_t kCount>
class CounterBy {
 public:
  void add(Value value) noexcept {
    const auto index = static_cast<std::size_t>(value);
    if (index < kCount) counters_[index].add();
  }
  [[nodiscard]] std::uint64_t value(Value value) const noexcept {
    return counters_[static_cast<std::size_t>(value)].value();
  }

 private:
  std::array<Counter, kCount> counters_;
};

class DurationHistogram {
 public:
  // Upper bounds, in microseconds; what takes longer has a bucket of its own.
  static constexpr std::array<std::uint64_t, 12> kBounds = {
      250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000};

  void add(std::chrono::microseconds time) noexcept;

  // How many took as long as the bound with this number, or less; one past the last means all.
  [[nodiscard]] std::uint64_t up_to(std::size_t bound) const noexcept;
  [[nodiscard]] std::chrono::microseconds sum() const noexcept;

 private:
  std::array<Counter, kBounds.size() + 1> buckets_;
  Counter microseconds_;
};

// Lives in memory that httpd's processes share (make_shared_by_processes()).
struct SharedMetrics {
  static constexpr std::size_t kReasons = static_cast<std::size_t>(core::Reason::FailedLogins) + 1;
  static constexpr std::size_t kEndReasons =
      static_cast<std::size_t>(core::EndReason::SessionLimit) + 1;

  alignas(64) Counter admissions;
  alignas(64) Counter stateless_admissions;
  alignas(64) Counter logins;
  Counter failed_logins;
  CounterBy<core::LogoutScope, 3> logouts;
  CounterBy<core::EndReason, kEndReasons> ended_sessions;
  CounterBy<core::EndReason, kEndReasons> ended_accounts;
  Counter lost_audit_lines;
  alignas(64) CounterBy<core::Reason, kReasons> refusals;
  alignas(64) Counter store_errors;
  DurationHistogram store_writes;
};

}  // namespace epoch::httpd
