#include "ldap/account_state.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "ldap/directory_time.h"

namespace epoch::ldap {
namespace {

using core::bytes_of;
using core::TimePoint;

constexpr std::array kPasswordTimes{"pwdChangedTime", "pwdUpdateTime", "krbLastPwdChange",
                                    "pwdLastSet"};
constexpr const char* kPassword = "userPassword";

// What an attribute says about an account that it bears on.
struct Finding {
  bool barred = false;
  std::optional<TimePoint> expires = {};
};

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Finding barred_while_present(std::string_view /*value*/, TimePoint /*now*/) {
  return {.barred = true};
}

Finding barred_while_true(std::string_view value, TimePoint /*now*/) {
  return {.barred = core::equals_ignoring_case(value, "true")};
}

// The beginning of 1970 stands for: until an administrator unlocks it.
Finding barred_until(std::string_view value, TimePoint now) {
  const std::optional<TimePoint> until = parse_generalized_time(value);
  return {.barred = until && (*until > now || *until == TimePoint())};
}

Finding barred_by_flag(std::string_view value, TimePoint /*now*/) {
  constexpr std::int64_t kAccountDisable = 2;
  return {.barred = (number_in(value).value_or(0) & kAccountDisable) != 0};
}

Finding barred_unless_zero(std::string_view value, TimePoint /*now*/) {
  return {.barred = value != "0"};
}

Finding expiring(std::optional<TimePoint> at, TimePoint now) {
  if (at && *at <= now) return {.barred = true};
  return {.expires = at};
}

Finding expires_at(std::string_view value, TimePoint now) {
  return expiring(parse_generalized_time(value), now);
}

Finding expires_at_file_time(std::string_view value, TimePoint now) {
  return expiring(parse_file_time(value), now);
}

Finding expires_on_day(std::string_view value, TimePoint now) {
  constexpr std::int64_t kLatest = 100'000'000;  // days; far beyond any calendar
  const std::optional<std::int64_t> day = number_in(value);
  if (!day || *day < 0 || *day > kLatest) return {};
  return expiring(TimePoint(std::chrono::days(*day)), now);
}

struct Rule {
  const char* attribute;
  Finding (*finding)(std::string_view value, TimePoint now);
};

constexpr std::array kRules{
    Rule{"pwdAccountLockedTime", barred_while_present},
    Rule{"nsAccountLock", barred_while_true},
    Rule{"accountUnlockTime", barred_until},
    Rule{"userAccountControl", barred_by_flag},
    Rule{"lockoutTime", barred_unless_zero},
    Rule{"pwdEndTime", expires_at},
    Rule{"krbPrincipalExpiration", expires_at},
    Rule{"accountExpires", expires_at_file_time},
    Rule{"shadowExpire", expires_on_day},
};

// Hashed as the server wrote it: whether it is the same is all that counts.
std::optional<std::uint64_t> password_time_in(const DirectoryEntry& entry, const StateKey& key) {
  for (const char* name : kPasswordTimes) {
    const std::string_view value = entry.first(name);
    if (!value.empty()) return key.hash({bytes_of("time"), bytes_of(name), bytes_of(value)});
  }
  return std::nullopt;
}

// In order, because a server may return the same values in another.
std::optional<std::uint64_t> password_value_in(const DirectoryEntry& entry, const StateKey& key) {
  const std::vector<std::string>* values = entry.values(kPassword);
  if (values == nullptr) return std::nullopt;
  std::vector<std::uint64_t> hashes;
  hashes.reserve(values->size());
  for (const std::string& value : *values) {
    hashes.push_back(key.hash({bytes_of("value"), bytes_of(value)}));
  }
  std::sort(hashes.begin(), hashes.end());
  if (hashes.size() == 1) return hashes.front();
  std::string all;
  for (const std::uint64_t hash : hashes) all += std::to_string(hash) + " ";
  return key.hash({bytes_of("values"), bytes_of(all)});
}

}  // namespace

StateKey::~StateKey() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

std::uint64_t StateKey::hash(std::initializer_list<core::Bytes> parts) const {
  const core::Hash256 mac = core::hmac_sha256(secret_, parts);
  std::uint64_t cut = 0;
  for (std::size_t i = 0; i < sizeof(cut); ++i) cut = (cut << 8U) | mac[i];
  return cut;
}

Standing standing_of(const DirectoryEntry& entry, const StateKey& key, TimePoint now) {
  Standing standing;
  standing.state.password_time = password_time_in(entry, key);
  standing.state.password_value = password_value_in(entry, key);
  for (const Rule& rule : kRules) {
    const std::string_view value = entry.first(rule.attribute);
    if (value.empty()) continue;
    const Finding finding = rule.finding(value, now);
    if (finding.barred && !standing.state.barred) {
      standing.state.barred = true;
      standing.barred_by = rule.attribute;
    }
    std::optional<TimePoint>& expires = standing.state.expires;
    if (finding.expires && (!expires || *finding.expires < *expires)) expires = finding.expires;
  }
  return standing;
}

std::span<const char* const> state_attributes() noexcept {
  static constexpr auto kNames = [] {
    std::array<const char*, kPasswordTimes.size() + 1 + kRules.size()> names{};
    auto* end = std::copy(kPasswordTimes.begin(), kPasswordTimes.end(), names.begin());
    *end++ = kPassword;
    for (const Rule& rule : kRules) *end++ = rule.attribute;
    return names;
  }();
  return kNames;
}

}  // namespace epoch::ldap
