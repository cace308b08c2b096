// The LMDB store and the store in memory, given the same long and random life, agree on every
// answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/account.h"
#include "memory_store.h"
#include "store/lmdb_store.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

using core::EndReason;
using core::Lineage;
using core::Opening;
using core::Reach;
using core::RecordKey;
using core::Seconds;

// Few of everything, so that they meet often.
constexpr std::uint64_t kSessions = 12;
constexpr std::uint64_t kClients = 4;
constexpr int kSteps = 4000;

struct Moments {
  core::StoreMoment lmdb;
  core::StoreMoment memory;
};

class Agreement : public testing::TestWithParam<unsigned> {
 protected:
  Agreement() : memory_(*lmdb_.instance()), random_(GetParam()) { moments_.push_back(now()); }

  std::uint64_t any(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }

  Moments now() { return {.lmdb = *lmdb_.moment(), .memory = *memory_.moment()}; }

  core::Hash256 any_root() {
    const std::uint64_t number = any(kSessions + kClients);
    return number < kSessions ? numbered(number) : new_client(number - kSessions).root;
  }

  // With and without an account, and under two spellings.
  core::Identity any_identity() {
    const std::string name = any(2) == 0 ? "alice" : "bob";
    core::Identity identity{.user = any(4) == 0 ? "the same " + name : name};
    if (any(2) == 0) identity.account = core::account_of("ldap://one/", name);
    if (any(2) == 0) identity.variables.emplace_back("AUTHENTICATE_CN", name);
    return identity;
  }

  void open() {
    Lineage follows{.root = any_root(), .generation = static_cast<std::uint32_t>(any(3))};
    const core::Result<core::Look> root = memory_.find(core::record_key_of(follows.root));
    if (root->found && any(4) > 0) follows.generation = root->found->record.succession.generation;
    std::uint64_t number = any(kSessions);
    if (numbered(number) == follows.root) number = (number + 1) % kSessions;  // a hash of itself
    const Moments& seen = moments_[any(moments_.size())];
    Opening opening = login(number, follows, seen.lmdb, time_);
    opening.session.identity = any_identity();
    opening.session.zone = any(2) == 0 ? "zone" : "elsewhere";
    if (any(2) == 0) opening.session_limit = {.most = 1 + any(2), .deny = any(3) > 0};
    const core::Result<core::Opened> lmdb = lmdb_.open(opening);
    opening.seen = seen.memory;
    const core::Result<core::Opened> memory = memory_.open(opening);
    ASSERT_TRUE(lmdb.ok()) << lmdb.error().detail;
    ASSERT_EQ(lmdb->outcome, memory->outcome);
    ASSERT_EQ(lmdb->session.opened_under, memory->session.opened_under);
    ASSERT_EQ(described(lmdb->ended), described(memory->ended));
    ++outcomes_[lmdb->outcome];
    for (const core::NamedSession& each : lmdb->ended) ++ended_[each.session->end->reason];
  }

  static std::vector<std::string> described(const std::vector<core::NamedSession>& sessions) {
    std::vector<std::string> texts;
    for (const core::NamedSession& each : sessions) {
      texts.push_back(
          core::public_id(each.key) + " of " + each.session->identity.user +
          (each.session->end ? std::string(core::to_string(each.session->end->reason)) : " lives"));
    }
    return texts;
  }

  // Page by page.
  template <typename Ask>
  static std::vector<std::string> all_pages(const Ask& ask) {
    std::vector<std::string> texts;
    std::optional<core::Position> from;
    do {
      const core::Result<core::IndexPage> page = ask(from);
      EXPECT_TRUE(page.ok()) << (page ? "" : page.error().detail);
      if (!page) return texts;
      const std::vector<std::string> some = described(page->sessions);
      texts.insert(texts.end(), some.begin(), some.end());
      from = page->next;
    } while (from);
    return texts;
  }

  void expect_the_same_lists() {
    const std::size_t limit = 1 + any(3);
    const core::Identity user = any_identity();
    const std::string zone = any(2) == 0 ? "zone" : "elsewhere";
    const auto of = [&](core::SessionStore& store) {
      return all_pages([&](const auto& from) { return store.list_of(user, zone, from, limit); });
    };
    ASSERT_EQ(of(lmdb_), of(memory_));
    const std::string beginning = std::vector<std::string>{"", "A", "the same", "carol"}[any(4)];
    const auto by_name = [&](core::SessionStore& store) {
      std::vector<std::string> all =
          all_pages([&](const auto& from) { return store.list_by_name(beginning, from, limit); });
      std::sort(all.begin(), all.end());  // a user's zones come in any order
      return all;
    };
    ASSERT_EQ(by_name(lmdb_), by_name(memory_));
  }

  core::Sweep any_sweep() {
    core::Sweep sweep{.reach = static_cast<Reach>(any(3)),
                      .zone = any(2) == 0 ? "zone" : "elsewhere",
                      .subject = core::subject_of(any_identity()),
                      .except = std::nullopt};
    if (any(2) == 0) sweep.except = core::record_key_of(any_root());
    return sweep;
  }

  void close() {
    core::Closing closing{
        .root = any_root(), .reason = EndReason::LoggedOut, .at = time_, .sweep = std::nullopt};
    if (any(8) == 0) closing.sweep = any_sweep();
    const core::Result<core::Closed> lmdb = lmdb_.close(closing);
    const core::Result<core::Closed> memory = memory_.close(closing);
    ASSERT_EQ(lmdb->ended, memory->ended);
    ASSERT_EQ(lmdb->next, memory->next);
  }

  void touch() {
    std::vector<core::Touch> touches;
    for (int i = 0; i < 3; ++i) {
      touches.push_back({.key = core::record_key_of(any_root()), .seen = time_ - Seconds(any(90))});
    }
    ASSERT_EQ(*lmdb_.touch(touches), *memory_.touch(touches));
  }

  void note_verified() {
    core::Verification verification{.key = core::record_key_of(any_root()),
                                    .identity = any_identity(),
                                    .at = time_ - Seconds(any(600))};
    const core::Result<core::Look> look = memory_.find(verification.key);
    if (look->found && look->found->record.session && any(2) == 0) {
      verification.identity.account = look->found->record.session->identity.account;
    }
    const core::VerifyOutcome outcome = *memory_.note_verified(verification);
    ASSERT_EQ(*lmdb_.note_verified(verification), outcome);
    ++verified_[outcome];
  }

  core::WatchId any_watch() { return numbered(any(2)); }

  core::EntryUuid any_uuid() {
    core::EntryUuid uuid{};
    uuid[0] = static_cast<std::uint8_t>(any(4));
    return uuid;
  }

  std::string any_dn() { return (any(2) == 0 ? "cn=" : "CN=") + std::to_string(any(4)); }

  void apply() {
    core::WatchChanges changes;
    if (any(2) == 0) changes.erase.push_back(any_uuid());
    for (std::uint64_t i = any(3); i > 0; --i) {
      changes.put.push_back({.uuid = any_uuid(), .dn = any_dn(), .state = {}});
    }
    if (any(4) == 0) {
      changes.revoke.push_back({.account = core::account_of("ldap://one/", "alice"),
                                .reason = static_cast<EndReason>(6 + any(5))});
    }
    if (any(2) == 0) changes.cookie = std::to_string(any(1000));
    const core::WatchId watch = any_watch();
    ASSERT_TRUE(memory_.apply(watch, changes).ok());
    ASSERT_TRUE(lmdb_.apply(watch, changes).ok());
  }

  void expect_the_same_books() {
    for (const core::WatchId& watch : {numbered(0), numbered(1)}) {
      ASSERT_EQ(*lmdb_.watch_cookie(watch), *memory_.watch_cookie(watch));
      for (int i = 0; i < 4; ++i) {
        const std::string dn = "cn=" + std::to_string(i);
        ASSERT_EQ(*lmdb_.watched_by_dn(watch, dn), *memory_.watched_by_dn(watch, dn)) << dn;
      }
      const core::EntryUuid from = any_uuid();
      const core::WatchPage lmdb = *lmdb_.list_watched(watch, from, 2);
      const core::WatchPage memory = *memory_.list_watched(watch, from, 2);
      ASSERT_EQ(lmdb.entries, memory.entries);
      ASSERT_EQ(lmdb.next, memory.next);
    }
  }

  void step() {
    time_ += Seconds(any(300));
    switch (any(20)) {
      default:
        return open();
      case 0:
      case 1:
        return close();
      case 2: {
        const RecordKey key = core::record_key_of(any_root());
        ASSERT_EQ(*lmdb_.end(key, EndReason::MaxAge, time_),
                  *memory_.end(key, EndReason::MaxAge, time_));
        return;
      }
      case 3: {
        const core::Sweep sweep = any_sweep();
        ASSERT_EQ(*lmdb_.sweep(sweep, time_), *memory_.sweep(sweep, time_));
        return;
      }
      case 4:
      case 5:
        return touch();
      case 6: {
        const core::TimePoint at = time_ + Seconds(any(2) * 200000);
        const core::Purged lmdb = *lmdb_.purge(std::nullopt, 12, at);
        const core::Purged memory = *memory_.purge(std::nullopt, 12, at);
        ASSERT_EQ(lmdb.removed, memory.removed);
        ASSERT_EQ(lmdb.live, memory.live);
        return;
      }
      case 7:
      case 8:
        for (int i = 0; i < 5; ++i) note_verified();
        return;
      case 9:
      case 10:
        return apply();
    }
  }

  void expect_the_same_records() {
    for (std::uint64_t number = 0; number < kSessions + kClients; ++number) {
      const core::Hash256 root =
          number < kSessions ? numbered(number) : new_client(number - kSessions).root;
      const core::Result<core::Look> lmdb = lmdb_.find(core::record_key_of(root));
      const core::Result<core::Look> memory = memory_.find(core::record_key_of(root));
      ASSERT_TRUE(lmdb.ok());
      ASSERT_EQ(lmdb->found != nullptr, memory->found != nullptr);
      if (!lmdb->found) continue;
      ASSERT_EQ(lmdb->found->outgrown, memory->found->outgrown);
      ASSERT_EQ(core::encode(lmdb->found->record), core::encode(memory->found->record));
    }
  }

  ScratchDirectory directory_;
  LmdbStore lmdb_{options_for(directory_)};
  MemoryStore memory_;
  std::mt19937 random_;
  core::TimePoint time_ = kNoon;
  std::vector<Moments> moments_;
  std::map<core::OpenOutcome, int> outcomes_;
  std::map<EndReason, int> ended_;
  std::map<core::VerifyOutcome, int> verified_;
};

TEST_P(Agreement, OnEveryAnswer) {
  for (int i = 0; i < kSteps; ++i) {
    step();
    expect_the_same_records();
    expect_the_same_books();
    expect_the_same_lists();
    if (HasFatalFailure()) FAIL() << "at step " << i << " of seed " << GetParam();
    if (any(2) == 0) moments_.push_back(now());
    if (moments_.size() > 3) moments_.erase(moments_.begin());
  }
  EXPECT_GT(outcomes_[core::OpenOutcome::Opened], 100);
  EXPECT_GT(outcomes_[core::OpenOutcome::Joined], 10);
  EXPECT_GT(outcomes_[core::OpenOutcome::Conflict], 100);
  EXPECT_GT(outcomes_[core::OpenOutcome::TooMany], 1);
  EXPECT_GT(ended_[EndReason::Superseded], 10);
  EXPECT_GT(ended_[EndReason::SessionLimit], 1);
  EXPECT_GT(verified_[core::VerifyOutcome::Noted], 10);
  EXPECT_GT(verified_[core::VerifyOutcome::Over], 10);
  EXPECT_GT(verified_[core::VerifyOutcome::Another], 10);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Agreement, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace epoch::store
