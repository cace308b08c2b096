// Objects in memory that httpd's processes share.
#pragma once

#include <apr_pools.h>
#include <apr_shm.h>

#include <new>
#include <stdexcept>
#include <type_traits>

namespace epoch::httpd {

// Makes a T that the processes forked later share. The pool owns the memory; no destructor runs.
// Throws std::runtime_error where there is none to be had.
template <typename T>
T* make_shared_by_processes(apr_pool_t* pool) {
  static_assert(std::is_trivially_destructible_v<T>);
  apr_shm_t* memory = nullptr;
  if (apr_shm_create(&memory, sizeof(T), nullptr, pool) != APR_SUCCESS) {
    throw std::runtime_error("the system has no shared memory to give");
  }
  return ::new (apr_shm_baseaddr_get(memory)) T();
}

}  // namespace epoch::httpd
