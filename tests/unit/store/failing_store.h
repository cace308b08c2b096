// Fault injection: a store that answers Unavailable to every n-th call, and one that asks again.
#pragma once

#include <memory>
#include <utility>

#include "core/ports.h"
#include "core/watch_ledger.h"

namespace epoch::store {

// Forwards all calls but every n-th, which fails before anything is done. The store must keep a
// ledger, too.
class FailingStore final : public core::SessionStore, public core::WatchLedger {
 public:
  FailingStore(std::unique_ptr<core::SessionStore> store, unsigned every)
      : store_(std::move(store)), every_(every) {}

  core::Result<core::Hash256> instance() override {
    return forward([&] { return store_->instance(); });
  }
  core::Result<core::StoreMoment> moment() override {
    return forward([&] { return store_->moment(); });
  }
  core::Result<core::Look> find(const core::RecordKey& key) override {
    return forward([&] { return store_->find(key); });
  }
  core::Result<core::Opened> open(const core::Opening& opening) override {
    return forward([&] { return store_->open(opening); });
  }
  core::Result<core::VerifyOutcome> note_verified(const core::Verification& verification) override {
    return forward([&] { return store_->note_verified(verification); });
  }
  core::Result<bool> end(const core::RecordKey& key, core::EndReason reason,
                         core::TimePoint at) override {
    return forward([&] { return store_->end(key, reason, at); });
  }
  core::Result<core::Closed> close(const core::Closing& closing) override {
    return forward([&] { return store_->close(closing); });
  }
  core::Result<std::uint64_t> sweep(const core::Sweep& sweep, core::TimePoint at) override {
    return forward([&] { return store_->sweep(sweep, at); });
  }
  core::Result<std::size_t> touch(std::span<const core::Touch> touches) override {
    return forward([&] { return store_->touch(touches); });
  }
  core::Result<core::ListPage> list(const std::optional<core::RecordKey>& from,
                                    std::size_t limit) override {
    return forward([&] { return store_->list(from, limit); });
  }
  core::Result<core::IndexPage> list_of(const core::Identity& user, std::string_view zone,
                                        const std::optional<core::Position>& from,
                                        std::size_t limit) override {
    return forward([&] { return store_->list_of(user, zone, from, limit); });
  }
  core::Result<core::IndexPage> list_by_name(std::string_view beginning,
                                             const std::optional<core::Position>& from,
                                             std::size_t limit) override {
    return forward([&] { return store_->list_by_name(beginning, from, limit); });
  }
  core::Result<core::Purged> purge(const std::optional<core::RecordKey>& from, std::size_t limit,
                                   core::TimePoint now) override {
    return forward([&] { return store_->purge(from, limit, now); });
  }

  core::Result<std::optional<std::string>> watch_cookie(const core::WatchId& watch) override {
    return forward([&] { return ledger_.watch_cookie(watch); });
  }
  core::Result<std::optional<core::WatchedEntry>> watched(const core::WatchId& watch,
                                                          const core::EntryUuid& uuid) override {
    return forward([&] { return ledger_.watched(watch, uuid); });
  }
  core::Result<std::optional<core::WatchedEntry>> watched_by_dn(const core::WatchId& watch,
                                                                std::string_view dn) override {
    return forward([&] { return ledger_.watched_by_dn(watch, dn); });
  }
  core::Result<core::WatchPage> list_watched(const core::WatchId& watch,
                                             const std::optional<core::EntryUuid>& from,
                                             std::size_t limit) override {
    return forward([&] { return ledger_.list_watched(watch, from, limit); });
  }
  core::Result<core::Done> apply(const core::WatchId& watch,
                                 const core::WatchChanges& changes) override {
    return forward([&] { return ledger_.apply(watch, changes); });
  }

  // From now on every n-th call fails; 0: none.
  void fail_every(unsigned every) noexcept { every_ = every; }

  [[nodiscard]] unsigned failures() const noexcept { return failures_; }

 private:
  template <typename Call>
  auto forward(const Call& call) -> decltype(call()) {
    if (every_ == 0 || ++calls_ % every_ != 0) return call();
    ++failures_;
    return core::Error{core::ErrorCode::Unavailable, "The store was told to fail."};
  }

  std::unique_ptr<core::SessionStore> store_;
  core::WatchLedger& ledger_{dynamic_cast<core::WatchLedger&>(*store_)};
  unsigned every_;
  unsigned calls_ = 0;
  unsigned failures_ = 0;
};

}  // namespace epoch::store
