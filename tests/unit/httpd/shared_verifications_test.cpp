#include "httpd/shared_verifications.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace epoch::httpd {
namespace {

using Worth = SharedVerifications::Worth;

constexpr int kInvalidCredentials = 49;
constexpr int kServerDown = -1;

core::Hash256 named(int number) { return core::sha256({core::bytes_of(std::to_string(number))}); }

// In memory that a forked process shares, as in httpd.
class SharedVerificationsTest : public testing::Test {
 protected:
  SharedVerificationsTest()
      : memory_(::mmap(nullptr, sizeof(SharedVerifications), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    shared_ = ::new (memory_) SharedVerifications();
  }
  ~SharedVerificationsTest() override { ::munmap(memory_, sizeof(SharedVerifications)); }

  // Runs the body in a process that ends by itself, without cleaning up.
  template <typename Body>
  static void in_another_process(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
      body();
      ::_exit(0);
    }
    ASSERT_GT(child, 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }

  void* memory_;
  SharedVerifications* shared_;
};

TEST_F(SharedVerificationsTest, WhoComesFirstAsks) {
  const Earlier first = shared_->join(named(1));
  EXPECT_EQ(first.known, Known::Nothing);
  EXPECT_NE(first.ticket, 0U);
}

TEST_F(SharedVerificationsTest, ANoIsGoodForThoseWhoComeAMomentLater) {
  const Earlier first = shared_->join(named(1));
  shared_->finish(named(1), first.ticket, kInvalidCredentials, Worth::ForAMoment);
  const Earlier second = shared_->join(named(1));
  EXPECT_EQ(second.known, Known::Failed);
  EXPECT_EQ(second.result, kInvalidCredentials);
  EXPECT_TRUE(second.is_answer);
  EXPECT_EQ(shared_->join(named(2)).known, Known::Nothing) << "another answer is another matter";
}

TEST_F(SharedVerificationsTest, AYesIsGoodInOtherProcessesToo) {
  const Earlier first = shared_->join(named(1));
  shared_->finish(named(1), first.ticket, 0, Worth::ForAMoment);
  std::atomic<int>* known = ::new (::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)) std::atomic<int>(-1);
  in_another_process([&] { known->store(static_cast<int>(shared_->join(named(1)).known)); });
  EXPECT_EQ(known->load(), static_cast<int>(Known::Succeeded));
  ::munmap(known, sizeof *known);
}

TEST_F(SharedVerificationsTest, ThoseWhoWaitGetTheAnswerAndOneAsks) {
  std::atomic<int> asked{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> requests;
  for (int i = 0; i < 10; ++i) {
    requests.emplace_back([&] {
      const Earlier earlier = shared_->join(named(1));
      if (earlier.known == Known::Nothing) {
        ++asked;
        shared_->finish(named(1), earlier.ticket, kInvalidCredentials, Worth::ForAMoment);
      } else if (earlier.known == Known::Failed) {
        ++refused;
      }
    });
  }
  for (std::thread& request : requests) request.join();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(refused, 9);
}

TEST_F(SharedVerificationsTest, AnOutageIsNotRemembered) {
  const Earlier first = shared_->join(named(1));
  shared_->finish(named(1), first.ticket, kServerDown, Worth::ForTheWaiting);
  EXPECT_EQ(shared_->join(named(1)).known, Known::Nothing);
}

TEST_F(SharedVerificationsTest, AProcessThatDiesWhileAskingKeepsNobodyWaiting) {
  in_another_process([&] { static_cast<void>(shared_->join(named(1))); });
  const Earlier second = shared_->join(named(1));
  EXPECT_EQ(second.known, Known::Nothing);
  EXPECT_NE(second.ticket, 0U);
}

TEST_F(SharedVerificationsTest, WhoWasTakenOverFromChangesNothing) {
  const Earlier first = shared_->join(named(1));
  shared_->finish(named(1), first.ticket, kInvalidCredentials, Worth::ForAMoment);
  shared_->finish(named(1), first.ticket + 1, 0, Worth::ForAMoment);
  EXPECT_EQ(shared_->join(named(1)).known, Known::Failed);
}

TEST_F(SharedVerificationsTest, WhereThereIsNoRoomEverybodyAsks) {
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(shared_->join(named(i)).known, Known::Nothing);
  EXPECT_EQ(shared_->join(named(6000)).ticket, 0U);
}

TEST_F(SharedVerificationsTest, WhatHasEndedMakesRoom) {
  for (int i = 0; i < 5000; ++i) {
    const Earlier earlier = shared_->join(named(i));
    ASSERT_NE(earlier.ticket, 0U);
    shared_->finish(named(i), earlier.ticket, 0, Worth::ForAMoment);
  }
  EXPECT_EQ(shared_->join(named(4999)).known, Known::Succeeded) << "the latest is still there";
}

}  // namespace
}  // namespace epoch::httpd
