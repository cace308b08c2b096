// Asks again what a store has failed to answer, and looks that the failure has changed nothing.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/ports.h"
#include "core/watch_ledger.h"
#include "store_testing.h"

namespace epoch::store {

// Everything that a store lists, as bytes, to tell whether anything has changed.
inline std::string contents(core::SessionStore& store) {
  std::string all;
  const core::Result<core::ListPage> page = store.list(std::nullopt, 100000);
  for (const core::Listed& listed : page->sessions) {
    core::Record record;
    record.session = listed.session;
    all += core::encode(record) + (!listed.outgrown ? "+" : "-");
  }
  return all;
}

// The same of one book of its ledger.
inline std::string contents(core::WatchLedger& ledger, const core::WatchId& watch) {
  std::string all = ledger.watch_cookie(watch)->value_or("no cookie");
  const core::Result<core::WatchPage> page = ledger.list_watched(watch, std::nullopt, 100000);
  for (const core::WatchedEntry& entry : page->entries) {
    all += ' ' + entry.dn + (ledger.watched_by_dn(watch, entry.dn)->has_value() ? "+" : "-");
  }
  return all;
}

// Asks again where a store fails, and makes sure that the failure has changed nothing. The store
// must keep a ledger, too.
class Persistent final : public core::SessionStore, public core::WatchLedger {
 public:
  // `disk_fails`: each change is first attempted on a full disk.
  Persistent(std::unique_ptr<core::SessionStore> store, bool disk_fails)
      : store_(std::move(store)), disk_fails_(disk_fails) {}

  core::Result<core::Hash256> instance() override {
    return again([&] { return store_->instance(); });
  }
  core::Result<core::StoreMoment> moment() override {
    return again([&] { return store_->moment(); });
  }
  core::Result<core::Look> find(const core::RecordKey& key) override {
    return again([&] { return store_->find(key); });
  }
  core::Result<core::Opened> open(const core::Opening& opening) override {
    return change([&] { return store_->open(opening); });
  }
  core::Result<core::VerifyOutcome> note_verified(const core::Verification& verification) override {
    return change([&] { return store_->note_verified(verification); });
  }
  core::Result<bool> end(const core::RecordKey& key, core::EndReason reason,
                         core::TimePoint at) override {
    return change([&] { return store_->end(key, reason, at); });
  }
  core::Result<core::Closed> close(const core::Closing& closing) override {
    return change([&] { return store_->close(closing); });
  }
  core::Result<std::uint64_t> sweep(const core::Sweep& sweep, core::TimePoint at) override {
    return change([&] { return store_->sweep(sweep, at); });
  }
  core::Result<std::size_t> touch(std::span<const core::Touch> touches) override {
    return change([&] { return store_->touch(touches); });
  }
  core::Result<core::ListPage> list(const std::optional<core::RecordKey>& from,
                                    std::size_t limit) override {
    return again([&] { return store_->list(from, limit); });
  }
  core::Result<core::IndexPage> list_of(const core::Identity& user, std::string_view zone,
                                        const std::optional<core::Position>& from,
                                        std::size_t limit) override {
    return again([&] { return store_->list_of(user, zone, from, limit); });
  }
  core::Result<core::IndexPage> list_by_name(std::string_view beginning,
                                             const std::optional<core::Position>& from,
                                             std::size_t limit) override {
    return again([&] { return store_->list_by_name(beginning, from, limit); });
  }
  core::Result<core::Purged> purge(const std::optional<core::RecordKey>& from, std::size_t limit,
                                   core::TimePoint now) override {
    return change([&] { return store_->purge(from, limit, now); });
  }

  core::Result<std::optional<std::string>> watch_cookie(const core::WatchId& watch) override {
    return again([&] { return ledger_.watch_cookie(watch); });
  }
  core::Result<std::optional<core::WatchedEntry>> watched(const core::WatchId& watch,
                                                          const core::EntryUuid& uuid) override {
    return again([&] { return ledger_.watched(watch, uuid); });
  }
  core::Result<std::optional<core::WatchedEntry>> watched_by_dn(const core::WatchId& watch,
                                                                std::string_view dn) override {
    return again([&] { return ledger_.watched_by_dn(watch, dn); });
  }
  core::Result<core::WatchPage> list_watched(const core::WatchId& watch,
                                             const std::optional<core::EntryUuid>& from,
                                             std::size_t limit) override {
    return again([&] { return ledger_.list_watched(watch, from, limit); });
  }
  core::Result<core::Done> apply(const core::WatchId& watch,
                                 const core::WatchChanges& changes) override {
    return change([&] { return ledger_.apply(watch, changes); }, &watch);
  }

 private:
  template <typename Call>
  auto again(const Call& call) -> decltype(call()) {
    auto first = call();
    if (first) return first;
    EXPECT_EQ(first.error().code, core::ErrorCode::Unavailable) << first.error().detail;
    return call();
  }

  template <typename Call>
  auto change(const Call& call, const core::WatchId* watch = nullptr) -> decltype(call()) {
    if (!disk_fails_) return again(call);
    const auto everything = [&] {
      return contents(*store_) + (watch != nullptr ? contents(ledger_, *watch) : "");
    };
    const std::string before = everything();
    auto first = [&] {
      const FullDisk full;
      return call();
    }();
    EXPECT_EQ(everything(), before);
    if (first) return first;  // there was nothing to write
    EXPECT_EQ(first.error().code, core::ErrorCode::Unavailable) << first.error().detail;
    return call();
  }

  std::unique_ptr<core::SessionStore> store_;
  core::WatchLedger& ledger_{dynamic_cast<core::WatchLedger&>(*store_)};
  const bool disk_fails_;
};

}  // namespace epoch::store
