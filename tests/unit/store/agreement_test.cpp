// The LMDB store and the store in memory, given the same long and random life, agree on every
// answer.
#include <gtest/gtest.h>

#include <random>

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

  void open() {
    Lineage follows{.root = any_root(), .generation = static_cast<std::uint32_t>(any(3))};
    const core::Result<core::Look> root = memory_.find(core::record_key_of(follows.root));
    if (root->found && any(4) > 0) follows.generation = root->found->record.succession.generation;
    std::uint64_t number = any(kSessions);
    if (numbered(number) == follows.root) number = (number + 1) % kSessions;  // a hash of itself
    const Moments& seen = moments_[any(moments_.size())];
    Opening opening = login(number, follows, seen.lmdb, time_);
    opening.session.identity.user = any(2) == 0 ? "alice" : "bob";
    opening.session.zone = any(2) == 0 ? "zone" : "elsewhere";
    const core::Result<core::Opened> lmdb = lmdb_.open(opening);
    opening.seen = seen.memory;
    const core::Result<core::Opened> memory = memory_.open(opening);
    ASSERT_TRUE(lmdb.ok()) << lmdb.error().detail;
    ASSERT_EQ(lmdb->outcome, memory->outcome);
    ASSERT_EQ(lmdb->session.opened_under, memory->session.opened_under);
    ++outcomes_[lmdb->outcome];
  }

  core::Sweep any_sweep() {
    core::Sweep sweep{.reach = static_cast<Reach>(any(3)),
                      .zone = any(2) == 0 ? "zone" : "elsewhere",
                      .subject = any(2) == 0 ? "alice" : "bob",
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

  void step() {
    time_ += Seconds(any(300));
    switch (any(16)) {
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
        ASSERT_EQ(lmdb_.purge(std::nullopt, 12, at)->removed,
                  memory_.purge(std::nullopt, 12, at)->removed);
        return;
      }
    }
  }

  void expect_the_same_records() {
    for (std::uint64_t number = 0; number < kSessions + kClients; ++number) {
      const core::Hash256 root =
          number < kSessions ? numbered(number) : new_client(number - kSessions).root;
      const core::Result<core::Look> lmdb = lmdb_.find(core::record_key_of(root));
      const core::Result<core::Look> memory = memory_.find(core::record_key_of(root));
      ASSERT_TRUE(lmdb.ok());
      ASSERT_EQ(lmdb->found.has_value(), memory->found.has_value());
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
};

TEST_P(Agreement, OnEveryAnswer) {
  for (int i = 0; i < kSteps; ++i) {
    step();
    expect_the_same_records();
    if (HasFatalFailure()) FAIL() << "at step " << i << " of seed " << GetParam();
    if (any(2) == 0) moments_.push_back(now());
    if (moments_.size() > 3) moments_.erase(moments_.begin());
  }
  EXPECT_GT(outcomes_[core::OpenOutcome::Opened], 100);
  EXPECT_GT(outcomes_[core::OpenOutcome::Joined], 10);
  EXPECT_GT(outcomes_[core::OpenOutcome::Conflict], 100);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Agreement, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace epoch::store
