#include "ldap/directory_time.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace epoch::ldap {
namespace {

using core::Seconds;
using core::TimePoint;

// Cuts `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool at_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

// Of minutes or seconds, which may be missing.
std::optional<int> take_optional(std::string_view& text) {
  return at_digit(text) ? take_number(text, 2) : std::optional(0);
}

void skip_fraction(std::string_view& text) {
  if (text.empty() || (text.front() != '.' && text.front() != ',')) return;
  text.remove_prefix(1);
  while (at_digit(text)) text.remove_prefix(1);
}

// Z, +hh, +hhmm, -hh or -hhmm, and nothing behind it.
std::optional<Seconds> take_offset(std::string_view text) {
  if (text == "Z") return Seconds(0);
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const std::optional<int> hours = take_number(text, 2);
  const std::optional<int> minutes = take_optional(text);
  if (!hours || !minutes || !text.empty()) return std::nullopt;
  return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

}  // namespace

std::optional<TimePoint> parse_generalized_time(std::string_view text) {
  const std::optional<int> year = take_number(text, 4);
  const std::optional<int> month = year ? take_number(text, 2) : std::nullopt;
  const std::optional<int> day = month ? take_number(text, 2) : std::nullopt;
  const std::optional<int> hour = day ? take_number(text, 2) : std::nullopt;
  const std::optional<int> minute = hour ? take_optional(text) : std::nullopt;
  const std::optional<int> second = minute ? take_optional(text) : std::nullopt;
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  skip_fraction(text);
  const std::optional<Seconds> offset = take_offset(text);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !date.ok()) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + Seconds(*second) - *offset;
}

std::string generalized_time(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u%02ld%02ld%02ld.0Z",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<long>(clock.hours().count()),
                static_cast<long>(clock.minutes().count()),
                static_cast<long>(clock.seconds().count()));
  return text.data();
}

std::optional<TimePoint> parse_file_time(std::string_view text) {
  constexpr std::int64_t kTicks = 10'000'000;            // in a second
  constexpr std::int64_t kFrom1601To1970 = 11644473600;  // seconds
  std::int64_t ticks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ticks);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (ticks <= 0 || ticks == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return TimePoint(Seconds(ticks / kTicks - kFrom1601To1970));
}

}  // namespace epoch::ldap
