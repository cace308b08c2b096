#include "ldap/ber_reader.h"

namespace epoch::ldap {

std::optional<core::Bytes> BerReader::take(std::uint8_t tag) noexcept {
  constexpr std::uint8_t kLongForm = 0x80;
  constexpr std::size_t kMostLengthBytes = 4;
  if (!at(tag) || rest_.size() < 2) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = rest_[1];
  if (length >= kLongForm) {
    const std::size_t count = length - kLongForm;
    if (count == 0 || count > kMostLengthBytes || rest_.size() < header + count) {
      return std::nullopt;
    }
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = (length << 8U) | rest_[header + i];
    header += count;
  }
  if (length > rest_.size() - header) return std::nullopt;
  const core::Bytes content = rest_.subspan(header, length);
  rest_ = rest_.subspan(header + length);
  return content;
}

std::optional<bool> BerReader::take_boolean(bool otherwise) noexcept {
  if (!at(ber::kBoolean)) return otherwise;
  const std::optional<core::Bytes> content = take(ber::kBoolean);
  if (!content || content->size() != 1) return std::nullopt;
  return content->front() != 0;
}

}  // namespace epoch::ldap
