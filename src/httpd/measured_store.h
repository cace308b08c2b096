// A store whose errors are counted, and whose durable writes are timed.
#pragma once

#include "core/ports.h"
#include "httpd/shared_metrics.h"

namespace epoch::httpd {

// Passes everything on. Lookups are not timed: to look at the clock twice would cost as much as the
// lookup. Store and metrics outlive it.
class MeasuredStore final : public core::SessionStore {
 public:
  MeasuredStore(core::SessionStore& store, SharedMetrics& metrics) noexcept
      : store_(store), metrics_(metrics) {}

  core::Result<core::Hash256> instance() override;
  core::Result<core::StoreMoment> moment() override;
  core::Result<core::Look> find(const core::RecordKey& key) override;
  core::Result<core::Opened> open(const core::Opening& opening) override;
  core::Result<core::VerifyOutcome> note_verified(const core::Verification& verification) override;
  core::Result<bool> end(const core::RecordKey& key, core::EndReason reason,
                         core::TimePoint at) override;
  core::Result<core::Closed> close(const core::Closing& closing) override;
  core::Result<std::uint64_t> sweep(const core::Sweep& sweep, core::TimePoint at) override;
  core::Result<std::size_t> touch(std::span<const core::Touch> touches) override;
  core::Result<core::ListPage> list(const std::optional<core::RecordKey>& from,
                                    std::size_t limit) override;
  core::Result<core::IndexPage> list_of(const core::Identity& user, std::string_view zone,
                                        const std::optional<core::Position>& from,
                                        std::size_t limit) override;
  core::Result<core::IndexPage> list_by_name(std::string_view beginning,
                                             const std::optional<core::Position>& from,
                                             std::size_t limit) override;
  core::Result<core::Purged> purge(const std::optional<core::RecordKey>& from, std::size_t limit,
                                   core::TimePoint now) override;

 private:
  template <typename T>
  core::Result<T> counted(core::Result<T> result);
  template <typename Operation>
  auto timed(Operation&& write);

  core::SessionStore& store_;
  SharedMetrics& metrics_;
};

}  // namespace epoch::httpd
