#include "httpd/shared_failures.h"

#include <arpa/inet.h>
#include <sodium/crypto_shorthash.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>

#include "core/text.h"

namespace epoch::httpd {
namespace {

// Guesses that many addresses share must stay below a hundred an hour, and an office behind one
// address mistypes more than one person does.
constexpr std::int64_t kUserAllowance = 3;
constexpr std::int64_t kAddressAllowance = 10;
constexpr std::int64_t kFirstWaitPart = 60;
constexpr std::int64_t kShortestWaitMs = 1000;
// Long enough for what a browser has queued while the directory is slow.
constexpr std::int64_t kSameAnswerMs = 10 * 1000;
constexpr std::int64_t kAcquaintanceMs = std::int64_t{30} * 24 * 3600 * 1000;

std::string folded(std::string_view user) {
  std::string name;
  for (const char c : user) {
    if (c != ' ') {
      name += core::ascii_lower(c);
    } else if (!name.empty() && name.back() != ' ') {
      name += ' ';
    }
  }
  if (name.ends_with(' ')) name.pop_back();
  return name;
}

// What one customer of a provider has: an IPv4 address, or 64 bits of IPv6.
std::string network_of(std::string_view address) {
  const std::string text(address);
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
  const auto* const bytes = reinterpret_cast<const char*>(six.s6_addr);
  if (!IN6_IS_ADDR_V4MAPPED(&six)) return std::string(bytes, 8);
  char four[INET_ADDRSTRLEN] = {};
  return ::inet_ntop(AF_INET, bytes + 12, four, sizeof four) == nullptr ? text : four;
}

// No part but the last has a NUL in it.
std::uint64_t hash_of(const core::Hash256& key, std::initializer_list<std::string_view> parts) {
  static_assert(std::tuple_size_v<core::Hash256> >= crypto_shorthash_KEYBYTES);
  std::string text;
  for (const std::string_view part : parts) text.append(part).push_back('\0');
  std::uint64_t hash = 0;
  static_assert(sizeof hash == crypto_shorthash_BYTES);
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                   reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data());
  return hash;
}

}  // namespace

LoginName SharedFailures::name(const core::Verifier& verifier, std::string_view user,
                               std::string_view encoded_credentials,
                               std::string_view address) const {
  const std::string who = core::hex(verifier) + folded(user);
  const std::string where = network_of(address);
  return {.pair = hash_of(key_, {"p", who, where}),
          .user = hash_of(key_, {"u", who}),
          .address = hash_of(key_, {"a", where}),
          .answer = hash_of(key_, {"c", encoded_credentials})};
}

Turn SharedFailures::begin(const LoginName& login, const FailureLimit& limit,
                           std::int64_t now) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return {};
  if (lock.inherited()) forget_all();
  const Counter* pair = find(login.pair, now);
  if (pair != nullptr && pair->answer == login.answer && now - pair->counted_at < kSameAnswerMs) {
    return {};
  }
  struct Allowance {
    std::uint64_t name;
    std::int64_t failures;
  };
  const std::int64_t failures = limit.failures;
  const std::array<Allowance, 3> allowances = {
      {{.name = login.pair, .failures = failures},
       {.name = login.user, .failures = kUserAllowance * failures},
       {.name = login.address, .failures = kAddressAllowance * failures}}};

  Turn turn;
  Counter* holds_up = nullptr;
  const std::size_t counters = is_known(login.pair, now) ? 1 : allowances.size();
  for (std::size_t i = 0; i < counters; ++i) {
    Counter* counter = find(allowances[i].name, now);
    if (counter == nullptr) continue;
    const auto level = std::llround(static_cast<double>(counter->empty_at - counter->counted_at) /
                                    static_cast<double>(counter->step));
    const std::int64_t beyond = level - allowances[i].failures;
    if (beyond < 0) continue;
    std::int64_t wait = std::max(limit.window_ms / kFirstWaitPart, kShortestWaitMs);
    for (std::int64_t n = 0; n < beyond && wait < limit.window_ms; ++n) wait *= 2;
    const std::int64_t left = counter->counted_at + std::min(wait, limit.window_ms) - now;
    if (left <= turn.wait_ms) continue;
    turn.wait_ms = left;
    holds_up = counter;
  }
  if (holds_up != nullptr) {
    turn.is_news = holds_up->refused != login.answer;
    holds_up->refused = login.answer;
    return turn;
  }
  for (std::size_t i = 0; i < counters; ++i) {
    const Allowance& each = allowances[i];
    Counter* counter = count(each.name, each.failures, limit.window_ms, now);
    if (counter != nullptr) counter->answer = login.answer;
  }
  turn.counters = counters;
  turn.began = now;
  return turn;
}

void SharedFailures::succeed(const LoginName& login, const Turn& turn, std::int64_t now) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return;
  if (lock.inherited()) forget_all();
  uncount(login, turn, now);
  if (Counter* pair = find(login.pair, now)) *pair = {};
  remember(login.pair, now);
}

void SharedFailures::take_back(const LoginName& login, const Turn& turn,
                               std::int64_t now) noexcept {
  const RobustMutex::Lock lock(mutex_);
  if (!lock.held()) return;
  if (lock.inherited()) forget_all();
  uncount(login, turn, now);
}

SharedFailures::Counter* SharedFailures::find(std::uint64_t name, std::int64_t now) noexcept {
  auto& set = counters_[name % kSets];
  auto* const found = std::find_if(set.begin(), set.end(), [&](const Counter& counter) {
    return counter.name == name && counter.empty_at > now;
  });
  return found == set.end() ? nullptr : &*found;
}

// nullptr where all of its set count.
SharedFailures::Counter* SharedFailures::make_room(std::uint64_t name, std::int64_t now) noexcept {
  auto& set = counters_[name % kSets];
  const auto steps_left = [now](const Counter& counter) {
    return counter.empty_at <= now
               ? 0.0
               : static_cast<double>(counter.empty_at - now) / static_cast<double>(counter.step);
  };
  auto* const least = std::min_element(
      set.begin(), set.end(),
      [&](const Counter& a, const Counter& b) { return steps_left(a) < steps_left(b); });
  if (least->empty_at > now) least->empty_at -= least->step;
  return least->empty_at > now ? nullptr : &*least;
}

SharedFailures::Counter* SharedFailures::count(std::uint64_t name, std::int64_t allowance,
                                               std::int64_t window, std::int64_t now) noexcept {
  const std::int64_t step = std::max<std::int64_t>(window / allowance, 1);
  Counter* counter = find(name, now);
  if (counter == nullptr) {
    counter = make_room(name, now);
    if (counter == nullptr) return nullptr;
    *counter = {.name = name,
                .empty_at = now,
                .counted_at = now,
                .earlier_at = now,
                .step = step,
                .answer = 0,
                .refused = 0};
  }
  // As many failures as before, in steps of the location that counts now.
  const double steps =
      static_cast<double>(counter->empty_at - now) / static_cast<double>(counter->step) + 1;
  counter->step = step;
  counter->empty_at = now + std::llround(steps * static_cast<double>(step));
  counter->earlier_at = std::exchange(counter->counted_at, now);
  return counter;
}

void SharedFailures::uncount(const LoginName& login, const Turn& turn, std::int64_t now) noexcept {
  const std::array<std::uint64_t, 3> names = {login.pair, login.user, login.address};
  for (std::size_t i = 0; i < turn.counters; ++i) {
    Counter* counter = find(names[i], now);
    if (counter == nullptr) continue;
    counter->empty_at -= counter->step;
    counter->answer = 0;
    // Or the logins of some would prolong the wait of others.
    if (counter->counted_at == turn.began) counter->counted_at = counter->earlier_at;
  }
}

SharedFailures::Acquaintance* SharedFailures::acquaintance(std::uint64_t pair) noexcept {
  auto& set = known_[pair % kSets];
  auto* const found = std::find_if(set.begin(), set.end(), [&](const Acquaintance& each) {
    return each.pair == pair && each.seen != 0;
  });
  return found == set.end() ? nullptr : &*found;
}

void SharedFailures::remember(std::uint64_t pair, std::int64_t now) noexcept {
  Acquaintance* place = acquaintance(pair);
  if (place == nullptr) {
    auto& set = known_[pair % kSets];
    place = &*std::min_element(
        set.begin(), set.end(),
        [](const Acquaintance& a, const Acquaintance& b) { return a.seen < b.seen; });
  }
  *place = {.pair = pair, .seen = now};
}

bool SharedFailures::is_known(std::uint64_t pair, std::int64_t now) noexcept {
  const Acquaintance* found = acquaintance(pair);
  return found != nullptr && now - found->seen < kAcquaintanceMs;
}

// One of them may be half written.
void SharedFailures::forget_all() noexcept {
  for (auto& set : counters_) set.fill({});
  for (auto& set : known_) set.fill({});
}

}  // namespace epoch::httpd
