// A mutex in memory that httpd's processes share, which outlives whoever is killed while holding
// it.
#pragma once

#include <pthread.h>

namespace epoch::httpd {

// Stands in shared memory, made before the fork; nobody destroys it. Throws std::runtime_error
// where the system has none.
class RobustMutex {
 public:
  RobustMutex();
  RobustMutex(const RobustMutex&) = delete;
  RobustMutex& operator=(const RobustMutex&) = delete;

  // Held as long as this lives.
  class Lock {
   public:
    explicit Lock(RobustMutex& mutex) noexcept;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock();

    // False where the mutex is beyond repair: what it guards must not be touched.
    [[nodiscard]] bool held() const noexcept { return held_; }
    // The last holder was killed: what the mutex guards may be half written.
    [[nodiscard]] bool inherited() const noexcept { return inherited_; }

   private:
    pthread_mutex_t& mutex_;
    bool held_ = false;
    bool inherited_ = false;
  };

 private:
  pthread_mutex_t mutex_;
};

}  // namespace epoch::httpd
