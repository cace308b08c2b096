// A value that is never changed, so that copies of it are one.
#pragma once

#include <memory>
#include <utility>

namespace epoch::core {

// Copying costs a count, not the value's strings. Threads may hold and read copies of the same one.
template <typename T>
class Shared {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): stands where a T would
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  // Of something that exists already, or is part of it; never nullptr.
  explicit Shared(std::shared_ptr<const T> value) noexcept : value_(std::move(value)) {}

  // A copy that differs.
  template <typename Change>
  [[nodiscard]] Shared changed(Change&& change) const {
    T copy = *value_;
    std::forward<Change>(change)(copy);
    return copy;
  }

  const T& operator*() const noexcept { return *value_; }
  const T* operator->() const noexcept { return value_.get(); }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace epoch::core
