#include "core/challenge.h"

#include <algorithm>

namespace epoch::core {
namespace {

enum Flag : std::uint8_t { kArmed = 1, kLogout = 2, kAllFlags = 3 };

constexpr std::size_t kSpaceTagSize = SpaceTag().size();
constexpr std::size_t kMacSize = 16;
// flags, issued, generation, key id, root, tag of origin and realm
constexpr std::size_t kSignedSize = 1 + 8 + 4 + 4 + 32 + kSpaceTagSize;
// How far two nodes' clocks may be apart before a challenge counts as coming from the future.
constexpr Seconds kClockSkew{60};

template <typename Integer>
void append(Integer value, std::string& out) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xffU));
  }
}

std::uint64_t read_integer(Bytes bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

}  // namespace

SpaceTag space_tag(std::string_view origin, std::string_view realm) {
  const Hash256 hash = sha256({bytes_of("protection space"), bytes_of(origin), bytes_of(realm)});
  SpaceTag tag;
  std::copy_n(hash.begin(), tag.size(), tag.begin());
  return tag;
}

std::string sign(const Challenge& challenge, const SigningKey& key, const ProtectionSpace& space) {
  const unsigned flags =
      (challenge.armed ? unsigned{kArmed} : 0U) | (challenge.logout ? unsigned{kLogout} : 0U);
  std::string bytes;
  append(static_cast<std::uint8_t>(flags), bytes);
  append(std::int64_t{challenge.issued.time_since_epoch().count()}, bytes);
  append(challenge.lineage.generation, bytes);
  append(key.id(), bytes);
  bytes.append(text_of(challenge.lineage.root));
  bytes.append(text_of(space_tag(space.origin, space.realm)));
  const Hash256 mac = key.challenge_mac(bytes_of(bytes), space.zone, space.store_instance);
  bytes.append(text_of(Bytes(mac).first(kMacSize)));
  return bytes;
}

std::optional<VerifiedChallenge> verify(Bytes bytes, const KeyRing& keys,
                                        const ProtectionSpace& space) {
  if (bytes.size() != kSignedSize + kMacSize) return std::nullopt;
  const Bytes content = bytes.first(kSignedSize);
  const SigningKey* key = keys.find(static_cast<std::uint32_t>(read_integer(bytes.subspan(13, 4))));
  if (key == nullptr) return std::nullopt;
  const Hash256 mac = key->challenge_mac(content, space.zone, space.store_instance);
  if (!equal_in_constant_time(Bytes(mac).first(kMacSize), bytes.subspan(kSignedSize))) {
    return std::nullopt;
  }
  const auto flags = static_cast<unsigned>(bytes[0]);
  if ((flags & ~unsigned{kAllFlags}) != 0) return std::nullopt;

  VerifiedChallenge verified{.challenge = {}, .key = key, .here = false};
  verified.challenge.armed = (flags & kArmed) != 0;
  verified.challenge.logout = (flags & kLogout) != 0;
  verified.challenge.issued =
      TimePoint(Seconds(static_cast<std::int64_t>(read_integer(bytes.subspan(1, 8)))));
  verified.challenge.lineage.generation =
      static_cast<std::uint32_t>(read_integer(bytes.subspan(9, 4)));
  const Bytes root = bytes.subspan(17, 32);
  std::copy(root.begin(), root.end(), verified.challenge.lineage.root.begin());
  verified.here = equal_in_constant_time(bytes.subspan(49, kSpaceTagSize),
                                         space_tag(space.origin, space.realm));
  return verified;
}

bool is_expired(const Challenge& challenge, TimePoint now) noexcept {
  return now >= challenge.issued + kChallengeLife || challenge.issued > now + kClockSkew;
}

bool is_past_half_life(const Challenge& challenge, TimePoint now) noexcept {
  return now >= challenge.issued + kChallengeLife / 2;
}

}  // namespace epoch::core
