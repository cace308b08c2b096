#include "store/check_value.h"

#include <sodium/crypto_shorthash.h>

#include <algorithm>
#include <array>

namespace epoch::store {
namespace {

using CheckValue = std::array<std::uint8_t, crypto_shorthash_BYTES>;

CheckValue check_value_of(const core::Hash256& instance, core::Bytes key, core::Bytes value) {
  std::array<std::uint8_t, crypto_shorthash_KEYBYTES> both{};
  for (std::size_t i = 0; i < both.size(); ++i) {
    both[i] = static_cast<std::uint8_t>(instance[i] ^ key[i] ^ key[both.size() + i]);
  }
  CheckValue check{};
  crypto_shorthash(check.data(), value.data(), value.size(), both.data());
  return check;
}

}  // namespace

std::string with_check_value(const core::Hash256& instance, const core::Hash256& key,
                             core::Bytes value) {
  std::string bytes(core::text_of(value));
  bytes.append(core::text_of(check_value_of(instance, key, value)));
  return bytes;
}

std::optional<core::Bytes> checked_value(const core::Hash256& instance, core::Bytes key,
                                         core::Bytes bytes) {
  if (key.size() != core::Hash256().size() || bytes.size() < CheckValue().size()) {
    return std::nullopt;
  }
  const core::Bytes value = bytes.first(bytes.size() - CheckValue().size());
  const CheckValue check = check_value_of(instance, key, value);
  const core::Bytes stored = bytes.last(check.size());
  if (!std::equal(check.begin(), check.end(), stored.begin())) return std::nullopt;
  return value;
}

}  // namespace epoch::store
