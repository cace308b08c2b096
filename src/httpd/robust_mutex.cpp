#include "httpd/robust_mutex.h"

#include <cerrno>
#include <stdexcept>

namespace epoch::httpd {

RobustMutex::RobustMutex() {
  pthread_mutexattr_t attributes;
  int code = pthread_mutexattr_init(&attributes);
  if (code == 0) code = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (code == 0) code = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (code == 0) code = pthread_mutex_init(&mutex_, &attributes);
  pthread_mutexattr_destroy(&attributes);
  if (code != 0) throw std::runtime_error("this system has no robust process-shared mutexes");
}

RobustMutex::Lock::Lock(RobustMutex& mutex) noexcept : mutex_(mutex.mutex_) {
  const int code = pthread_mutex_lock(&mutex_);
  inherited_ = code == EOWNERDEAD;
  held_ = code == 0 || inherited_;
  if (inherited_) pthread_mutex_consistent(&mutex_);
}

RobustMutex::Lock::~Lock() {
  if (held_) pthread_mutex_unlock(&mutex_);
}

}  // namespace epoch::httpd
