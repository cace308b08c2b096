#include "httpd/robust_mutex.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

namespace epoch::httpd {
namespace {

// In memory that a child shares; unmapped by the end of the process.
RobustMutex& shared_mutex() {
  void* const place = ::mmap(nullptr, sizeof(RobustMutex), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(place, MAP_FAILED);
  return *::new (place) RobustMutex;
}

void let_a_process_die_with(RobustMutex& mutex) {
  const pid_t child = ::fork();
  if (child == 0) {
    const RobustMutex::Lock lock(mutex);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(RobustMutex, WhoComesAfterAKilledHolderGetsItAndIsTold) {
  RobustMutex& mutex = shared_mutex();
  for (int time = 0; time < 3; ++time) {
    let_a_process_die_with(mutex);
    {
      const RobustMutex::Lock lock(mutex);
      EXPECT_TRUE(lock.held());
      EXPECT_TRUE(lock.inherited());
    }
    const RobustMutex::Lock next(mutex);
    EXPECT_TRUE(next.held());
    EXPECT_FALSE(next.inherited()) << "it is news once";
  }
}

TEST(RobustMutex, WhoeverIsKilledAfterAKilledHolderLeavesItToTheNextToo) {
  RobustMutex& mutex = shared_mutex();
  let_a_process_die_with(mutex);
  let_a_process_die_with(mutex);
  const RobustMutex::Lock lock(mutex);
  EXPECT_TRUE(lock.held());
  EXPECT_TRUE(lock.inherited());
}

}  // namespace
}  // namespace epoch::httpd
