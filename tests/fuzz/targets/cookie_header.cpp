// A Cookie header field, and what is made of the values in it.
#include <vector>

#include "core/cookie.h"
#include "property.h"

namespace epoch::fuzz {
namespace {

constexpr std::string_view kName = "epoch-1";

// In another way than find_cookies(): every pair, by hand.
std::vector<std::string> values_by_hand(std::string_view header) {
  std::vector<std::string> values;
  std::string piece;
  const auto finish = [&] {
    const std::size_t equals = piece.find('=');
    if (equals != std::string::npos && core::trimmed(piece.substr(0, equals)) == kName) {
      const std::string after = piece.substr(equals + 1);
      std::string value(core::trimmed(after));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      values.push_back(value);
    }
    piece.clear();
  };
  for (const char c : header) {
    if (c == ';') {
      finish();
    } else {
      piece += c;
    }
  }
  finish();
  return values;
}

void finding(std::string_view header) {
  const core::NamedCookies found = core::find_cookies(header, kName);
  const std::vector<std::string> values = values_by_hand(header);
  require(found.count == values.size(), "each cookie of the name is counted");
  for (std::size_t i = 0; i < std::min(found.count, found.values.size()); ++i) {
    require(found.values[i] == values[i], "the values come in the order of the header");
    require(is_part_of(found.values[i], header), "a value is a view into the header");
  }
}

std::string without_cookie(std::string_view header, std::string_view name) {
  std::string rest(2 * header.size(), '\0');
  const core::Rest kept = core::write_without_cookie(header, name, rest.data());
  require(kept.taken_out == core::find_cookies(header, name).count, "each that is found goes");
  require(kept.length <= rest.size(), "there is room for the rest");
  rest.resize(kept.length);
  return rest;
}

void removing(std::string_view header) {
  const std::string without = without_cookie(header, kName);
  require(core::find_cookies(without, kName).count == 0, "no cookie of the name is left");
  require(without_cookie(without, kName) == without, "removing twice is removing once");
  for (const std::string_view other : {"a", "epoch-2", ""}) {
    require(core::find_cookies(without, other).count == core::find_cookies(header, other).count ||
                other.empty(),
            "the cookies of other names stay");
  }
}

void reading(std::string_view value) {
  const std::optional<core::CookieContent> content = core::read_cookie_value(value);
  if (!content) return;
  const std::string again =
      std::holds_alternative<core::SessionId>(*content)
          ? core::session_value(std::get<core::SessionId>(*content))
          : core::challenge_value(core::bytes_of(std::get<core::ChallengeBytes>(*content).bytes));
  require(again == value, "a value that is read has one spelling");
  const std::string field = core::set_cookie(
      {.name = std::string(kName), .path = "/", .domain = "", .secure = true}, again);
  require(!holds_control(field), "a Set-Cookie field holds no control characters");
  require(core::find_cookies(field, kName).values[0] == value, "what is set is found again");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  const std::string_view header = fuzz::text_of_input(bytes, size);
  fuzz::finding(header);
  fuzz::removing(header);
  fuzz::reading(header);
  for (const std::string_view value : core::find_cookies(header, fuzz::kName).values) {
    fuzz::reading(value);
  }
  return 0;
}
