#include "web/accept.h"

#include <optional>

#include "core/text.h"

namespace epoch::web {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// A qvalue in thousandths: "1", "0.8", "0.125". What is none counts as 0.
int thousandths(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || !is_digit(text[0])) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int value = (text[0] - '0') * 1000;
  int weight = 100;
  for (std::size_t i = 2; i < text.size(); ++i, weight /= 10) {
    if (!is_digit(text[i])) return 0;
    value += (text[i] - '0') * weight;
  }
  return value <= 1000 ? value : 0;
}

int quality_in(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    std::string_view value = core::next_piece(parameters, ';');
    const std::string_view name = core::next_piece(value, '=');
    if (core::equals_ignoring_case(name, "q")) return thousandths(core::trimmed(value));
  }
  return 1000;
}

// How much the type is wanted; nullopt where it is not named.
std::optional<int> quality_of(std::string_view type, std::string_view accept) noexcept {
  while (!accept.empty()) {
    std::string_view range = core::next_piece(accept, ',');
    const std::string_view name = core::next_piece(range, ';');
    if (core::equals_ignoring_case(name, type)) return quality_in(range);
  }
  return std::nullopt;
}

}  // namespace

bool prefers_json(std::string_view accept) noexcept {
  const int json = quality_of("application/json", accept).value_or(0);
  return json > quality_of("text/html", accept).value_or(0);
}

}  // namespace epoch::web
