#include "httpd/measured_store.h"

#include <utility>

namespace epoch::httpd {

using core::Result;

template <typename T>
Result<T> MeasuredStore::counted(Result<T> result) {
  if (!result) metrics_.store_errors.add();
  return result;
}

template <typename Operation>
auto MeasuredStore::timed(Operation&& write) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  auto result = std::forward<Operation>(write)();
  metrics_.store_writes.add(
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin));
  return counted(std::move(result));
}

Result<core::Hash256> MeasuredStore::instance() { return counted(store_.instance()); }

Result<core::StoreMoment> MeasuredStore::moment() { return counted(store_.moment()); }

Result<core::Look> MeasuredStore::find(const core::RecordKey& key) {
  return counted(store_.find(key));
}

Result<core::Opened> MeasuredStore::open(const core::Opening& opening) {
  return timed([&] { return store_.open(opening); });
}

Result<core::VerifyOutcome> MeasuredStore::note_verified(const core::Verification& verification) {
  return timed([&] { return store_.note_verified(verification); });
}

Result<bool> MeasuredStore::end(const core::RecordKey& key, core::EndReason reason,
                                core::TimePoint at) {
  return timed([&] { return store_.end(key, reason, at); });
}

Result<core::Closed> MeasuredStore::close(const core::Closing& closing) {
  return timed([&] { return store_.close(closing); });
}

Result<std::uint64_t> MeasuredStore::sweep(const core::Sweep& sweep, core::TimePoint at) {
  return timed([&] { return store_.sweep(sweep, at); });
}

Result<std::size_t> MeasuredStore::touch(std::span<const core::Touch> touches) {
  return timed([&] { return store_.touch(touches); });
}

Result<core::ListPage> MeasuredStore::list(const std::optional<core::RecordKey>& from,
                                           std::size_t limit) {
  return counted(store_.list(from, limit));
}

Result<core::IndexPage> MeasuredStore::list_of(const core::Identity& user, std::string_view zone,
                                               const std::optional<core::Position>& from,
                                               std::size_t limit) {
  return counted(store_.list_of(user, zone, from, limit));
}

Result<core::IndexPage> MeasuredStore::list_by_name(std::string_view beginning,
                                                    const std::optional<core::Position>& from,
                                                    std::size_t limit) {
  return counted(store_.list_by_name(beginning, from, limit));
}

Result<core::Purged> MeasuredStore::purge(const std::optional<core::RecordKey>& from,
                                          std::size_t limit, core::TimePoint now) {
  return counted(store_.purge(from, limit, now));
}

}  // namespace epoch::httpd
