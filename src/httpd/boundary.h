// The boundary between httpd and C++: exceptions stop here, and pools learn to run destructors.
#pragma once

#include <httpd.h>

#include <apr_pools.h>

#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "httpd/module.h"

namespace epoch::httpd {

// Says in the log that something threw. `what` may be nullptr.
void log_exception(request_rec* r, const char* what) noexcept;
void log_exception(server_rec* server, const char* what) noexcept;

// Runs the body of whatever httpd calls. An exception is a bug or a lack of memory: it is logged
// where `context`, the request or else the server, belongs, and `on_failure` is the answer, which
// never admits.
template <typename Context, typename Answer, typename Body>
Answer guarded(Context* context, Answer on_failure, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& e) {
    log_exception(context, e.what());
  } catch (...) {
    log_exception(context, nullptr);
  }
  return on_failure;
}

// Makes an object that the pool owns and destroys. For what httpd must see or what lives as long as
// a request; everything else belongs to std:: types.
template <typename T, typename... Arguments>
T* make_in_pool(apr_pool_t* pool, Arguments&&... arguments) {
  void* memory = apr_palloc(pool, sizeof(T));
  if (memory == nullptr) throw std::bad_alloc();
  T* object = ::new (memory) T(std::forward<Arguments>(arguments)...);
  if constexpr (!std::is_trivially_destructible_v<T>) {
    const auto destroy = [](void* raw) -> apr_status_t {
      static_cast<T*>(raw)->~T();
      return APR_SUCCESS;
    };
    apr_pool_cleanup_register(pool, object, destroy, apr_pool_cleanup_null);
  }
  return object;
}

}  // namespace epoch::httpd
