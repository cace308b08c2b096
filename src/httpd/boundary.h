// The boundary between httpd and C++: exceptions stop here, and pools learn to run destructors.
#pragma once

#include <httpd.h>

#include <apr_pools.h>
#include <http_log.h>

#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "httpd/module.h"

namespace epoch::httpd {

// Runs the body of whatever httpd calls with a request. An exception is a bug or a lack of memory:
// it is logged, and `on_failure` is the answer, which never admits.
template <typename Answer, typename Body>
Answer guarded(request_rec* r, Answer on_failure, Body&& body) noexcept {
  APLOG_USE_MODULE(auth_epoch);
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& e) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "internal error: %s; the request was refused, please report this", e.what());
  } catch (...) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "internal error; the request was refused, please report this");
  }
  return on_failure;
}

// The same for what httpd calls without a request.
template <typename Answer, typename Body>
Answer guarded(server_rec* server, Answer on_failure, Body&& body) noexcept {
  APLOG_USE_MODULE(auth_epoch);
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& e) {
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, server, "internal error: %s; please report this",
                 e.what());
  } catch (...) {
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, server, "internal error; please report this");
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
