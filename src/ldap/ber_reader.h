// Reads the little BER (X.690) that the controls of RFC 4533 are made of.
#pragma once

#include <cstdint>
#include <optional>

#include "core/bytes.h"

namespace epoch::ldap {

// Walks one run of elements. Definite lengths and one-byte tags alone, as LDAP prescribes (RFC 4511
// section 5.1); whatever runs past the end is no element. Refers to the bytes it was made of.
class BerReader {
 public:
  explicit BerReader(core::Bytes bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  [[nodiscard]] bool at(std::uint8_t tag) const noexcept {
    return !rest_.empty() && rest_.front() == tag;
  }

  // The contents of the next element, if that has this tag; nullopt, and nothing is read, if not.
  std::optional<core::Bytes> take(std::uint8_t tag) noexcept;

  // BOOLEAN; `otherwise` where the next element is another; nullopt where it is not well formed.
  std::optional<bool> take_boolean(bool otherwise) noexcept;

 private:
  core::Bytes rest_;
};

namespace ber {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kEnumerated = 0x0a;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
}  // namespace ber

}  // namespace epoch::ldap
