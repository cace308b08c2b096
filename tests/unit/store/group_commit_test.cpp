#include "store/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace epoch::store {
namespace {

const Operation kNothing = [](Tables&) -> core::Result<core::Done> { return core::Done{}; };

TEST(GroupCommit, EveryOperationIsCommittedOnceAndByOneLeaderAtATime) {
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  std::atomic<int> leaders{0};
  std::atomic<bool> crowded{false};
  std::atomic<int> committed{0};
  GroupCommit commits([&](std::span<CommitRequest* const> batch) {
    if (++leaders > 1) crowded = true;
    committed += static_cast<int>(batch.size());
    --leaders;
  });
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int run = 0; run < kEach; ++run) answered += commits.run(kNothing) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(committed, kThreads * kEach);
  EXPECT_EQ(answered, kThreads * kEach);
  EXPECT_FALSE(crowded);
}

TEST(GroupCommit, WhoeverComesWhileTheDiskIsBusyIsTakenAlongTogether) {
  std::atomic<int> operations{0};
  std::vector<std::size_t> batches;
  std::vector<std::thread> followers;
  // The first commit lasts until two more callers have come; they cannot be committed meanwhile.
  std::atomic<int> came{0};
  GroupCommit* self = nullptr;
  GroupCommit commits([&](std::span<CommitRequest* const> batch) {
    batches.push_back(batch.size());
    operations += static_cast<int>(batch.size());
    if (batches.size() > 1) return;
    for (int i = 0; i < 2; ++i) {
      followers.emplace_back([&] {
        ++came;
        EXPECT_TRUE(self->run(kNothing).ok());
      });
    }
    while (came < 2) std::this_thread::yield();
    EXPECT_EQ(operations, 1);
  });
  self = &commits;
  EXPECT_TRUE(commits.run(kNothing).ok());
  for (std::thread& follower : followers) follower.join();
  EXPECT_EQ(batches.front(), 1U);
  EXPECT_EQ(operations, 3);
}

TEST(GroupCommit, TheErrorOfOneIsNotTheOthers) {
  GroupCommit commits([&](std::span<CommitRequest* const> batch) {
    batch.front()->error = core::Error{core::ErrorCode::Damaged, "this one"};
  });
  const core::Result<core::Done> done = commits.run(kNothing);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().detail, "this one");
}

TEST(GroupCommit, AnExceptionIsAnErrorForAllAndTheNextOneLeadsAgain) {
  bool throws = true;
  GroupCommit commits([&](std::span<CommitRequest* const>) {
    if (throws) throw std::runtime_error("no memory");
  });
  const core::Result<core::Done> done = commits.run(kNothing);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, core::ErrorCode::Unavailable);
  throws = false;
  EXPECT_TRUE(commits.run(kNothing).ok());
}

}  // namespace
}  // namespace epoch::store
