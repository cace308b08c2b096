// The product's rules, and how a test may break them from the outside. The product has no hooks.
#pragma once

#include <memory>
#include <string>

#include "browser.h"
#include "core/challenge.h"
#include "store/memory_store.h"

namespace epoch::model {

// One request at the server.
struct Exchange {
  const core::Presented& presented;
  const core::KeyRing& keys;
  core::Hash256 instance;
  core::TimePoint now;
};

class Rules {
 public:
  virtual ~Rules() = default;

  // The cookie as the server reads it.
  virtual std::string incoming(const Exchange& /*exchange*/, std::string cookie) const {
    return cookie;
  }

  // What became of decide()'s verdict.
  virtual void examined(const Exchange& /*exchange*/, core::Examined& /*examined*/) const {}

  // The store that the service sees; it forwards to the real one, which outlives it.
  virtual std::unique_ptr<core::SessionStore> around(store::MemoryStore& store) const;

  // The realm that the 401 names, after so many refusals.
  virtual std::string realm(const std::string& realm, unsigned /*refusals*/) const { return realm; }
};

// Passes every call on.
class ForwardingStore : public core::SessionStore {
 public:
  explicit ForwardingStore(store::MemoryStore& store) : store_(store) {}

  core::Result<core::Hash256> instance() override { return store_.instance(); }
  core::Result<core::StoreMoment> moment() override { return store_.moment(); }
  core::Result<core::Look> find(const core::RecordKey& key) override { return store_.find(key); }
  core::Result<core::Opened> open(const core::Opening& opening) override {
    return store_.open(opening);
  }
  core::Result<core::VerifyOutcome> note_verified(const core::Verification& noted) override {
    return store_.note_verified(noted);
  }
  core::Result<bool> end(const core::RecordKey& key, core::EndReason reason,
                         core::TimePoint at) override {
    return store_.end(key, reason, at);
  }
  core::Result<core::Closed> close(const core::Closing& closing) override {
    return store_.close(closing);
  }
  core::Result<std::uint64_t> sweep(const core::Sweep& sweep, core::TimePoint at) override {
    return store_.sweep(sweep, at);
  }
  core::Result<std::size_t> touch(std::span<const core::Touch> touches) override {
    return store_.touch(touches);
  }
  core::Result<core::ListPage> list(const std::optional<core::RecordKey>& from,
                                    std::size_t limit) override {
    return store_.list(from, limit);
  }
  core::Result<core::IndexPage> list_of(const core::Identity& user, std::string_view zone,
                                        const std::optional<core::Position>& from,
                                        std::size_t limit) override {
    return store_.list_of(user, zone, from, limit);
  }
  core::Result<core::IndexPage> list_by_name(std::string_view beginning,
                                             const std::optional<core::Position>& from,
                                             std::size_t limit) override {
    return store_.list_by_name(beginning, from, limit);
  }
  core::Result<core::Purged> purge(const std::optional<core::RecordKey>& from, std::size_t limit,
                                   core::TimePoint now) override {
    return store_.purge(from, limit, now);
  }

 protected:
  store::MemoryStore& store_;
};

inline std::unique_ptr<core::SessionStore> Rules::around(store::MemoryStore& store) const {
  return std::make_unique<ForwardingStore>(store);
}

}  // namespace epoch::model
