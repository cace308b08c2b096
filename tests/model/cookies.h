// Reading and forging the cookies of the product, for the model's eyes and for broken rules.
#pragma once

#include <optional>
#include <string>

#include "core/challenge.h"
#include "core/cookie.h"
#include "rules.h"

namespace epoch::model {

// What a cookie's value is, without regard to where it was issued.
struct CookieFacts {
  enum class Kind : std::uint8_t { None, Garbage, Session, Challenge } kind = Kind::None;
  core::Hash256 root{};  // of its lineage
  std::optional<core::Challenge> challenge;
  core::SpaceTag space{};  // Challenge: where it was issued
};

// What a cookie becomes that the server cannot read any more.
inline const std::string kUnreadable = "unreadable";

CookieFacts read_cookie(const std::string& value);

// The value of a challenge, as the server that the exchange is with would sign it.
std::string forge(const core::Challenge& challenge, const Exchange& exchange);

}  // namespace epoch::model
