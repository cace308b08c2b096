// Objects in memory that httpd's processes share.
#pragma once

#include <apr_pools.h>
#include <apr_shm.h>

#include <cstddef>
#include <memory>
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
  // APR keeps a word of its own at the beginning, which leaves no more than that alignment.
  std::size_t room = sizeof(T) + alignof(T);
  if (apr_shm_create(&memory, room, nullptr, pool) != APR_SUCCESS) {
    throw std::runtime_error("the system has no shared memory to give");
  }
  void* place = apr_shm_baseaddr_get(memory);
  return ::new (std::align(alignof(T), sizeof(T), place, room)) T();
}

}  // namespace epoch::httpd
