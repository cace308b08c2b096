// What an operation that can fail gives back: a value, or why there is none.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace epoch::core {

// Few codes, each one a caller acts on.
enum class ErrorCode {
  Unavailable,  // cannot be answered now; refuse, and try again later
  Damaged,      // the stored data contradict themselves; refuse, and have them set aside
  Malformed,    // the input is wrong; the detail says what is accepted
};

struct Error {
  ErrorCode code;
  std::string detail;  // for the log, in the administrator's words; never for the browser
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: a value is a result
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: and so is an error

  [[nodiscard]] bool ok() const noexcept { return std::holds_alternative<T>(state_); }
  explicit operator bool() const noexcept { return ok(); }

  // Only where ok(); throws std::bad_variant_access elsewhere, which is a bug in the caller.
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only where not ok().
  [[nodiscard]] const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

// The value of an operation that has none to give: `Result<Done>`.
struct Done {};

}  // namespace epoch::core
