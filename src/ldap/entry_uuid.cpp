#include "ldap/entry_uuid.h"

#include <algorithm>
#include <array>

#include "core/account.h"

namespace epoch::ldap {
namespace {

using core::EntryUuid;

constexpr const char* kRfc4530 = "entryUUID";
constexpr const char* kActiveDirectory = "objectGUID";
constexpr const char* k389 = "nsUniqueId";

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = core::ascii_lower(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a') + 10;
  return std::nullopt;
}

// 32 hexadecimal digits, with hyphens anywhere: both kinds of text.
std::optional<EntryUuid> uuid_from_text(std::string_view text) noexcept {
  EntryUuid uuid{};
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const std::optional<unsigned> digit = hex_digit(c);
    if (!digit || digits == 2 * uuid.size()) return std::nullopt;
    const unsigned high = uuid[digits / 2];
    uuid[digits / 2] = static_cast<std::uint8_t>((high << 4U) | *digit);
    ++digits;
  }
  if (digits != 2 * uuid.size()) return std::nullopt;
  return uuid;
}

}  // namespace

std::span<const char* const> uuid_attributes() noexcept {
  static constexpr std::array kNames{kRfc4530, kActiveDirectory, k389};
  return kNames;
}

EntryUuid uuid_of(const DirectoryEntry& entry) {
  if (const auto uuid = uuid_from_text(entry.first(kRfc4530))) return *uuid;
  if (const auto uuid = uuid_from_bytes(core::bytes_of(entry.first(kActiveDirectory)))) {
    return *uuid;
  }
  if (const auto uuid = uuid_from_text(entry.first(k389))) return *uuid;
  const core::AccountId name = core::account_of("", entry.dn);
  EntryUuid uuid{};
  std::copy_n(name.begin(), uuid.size(), uuid.begin());
  return uuid;
}

std::optional<EntryUuid> uuid_from_bytes(core::Bytes bytes) noexcept {
  EntryUuid uuid{};
  if (bytes.size() != uuid.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), uuid.begin());
  return uuid;
}

}  // namespace epoch::ldap
