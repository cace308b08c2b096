#include "web/url.h"

#include "web/escape.h"

namespace epoch::web {

Url& Url::add(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += separator_;
  text_.append(name).append("=").append(percent_encoded(value));
  separator_ = '&';
  return *this;
}

}  // namespace epoch::web
