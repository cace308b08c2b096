// A path with parameters, for a link of our pages.
#pragma once

#include <string>
#include <string_view>

namespace epoch::web {

class Url {
 public:
  // The path stands as it is: it is one that may be sent.
  explicit Url(std::string_view path) : text_(path) {}

  // A parameter with a value; without one it is left out.
  Url& add(std::string_view name, std::string_view value);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  char separator_ = '?';
};

}  // namespace epoch::web
