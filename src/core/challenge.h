// The challenge cookie's content: stateless, signed, armed or not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/keys.h"
#include "core/lineage.h"
#include "core/session.h"

namespace epoch::core {

struct Challenge {
  // Armed: this browser is known to hold no stale credentials for this origin and realm, so the
  // next ones are a person's. Unarmed: it may still hold some; the first ones must be refused.
  bool armed = false;
  bool logout = false;  // set by AuthEpochLogoutResponse challenge
  TimePoint issued{};
  Lineage lineage;
};

// What a challenge is bound to. A browser files credentials under origin and realm (RFC 7617
// section 2.2, RFC 9110 section 11.5), so what is known of one says nothing of another.
struct ProtectionSpace {
  std::string_view zone;
  std::string_view origin;  // scheme://host[:port]
  std::string_view realm;
  const Hash256& store_instance;
};

// Eight bytes of a hash over origin and realm.
SpaceTag space_tag(std::string_view origin, std::string_view realm);

// The bytes of a signed challenge, as docs/formats.md describes them.
std::string sign(const Challenge& challenge, const SigningKey& key, const ProtectionSpace& space);

struct VerifiedChallenge {
  Challenge challenge;
  const SigningKey* key;  // the one that signed it; belongs to the ring
  bool here;              // it was issued for this origin and realm
};

// nullopt where the bytes are not a challenge or the MAC, which also covers zone and store, is bad.
std::optional<VerifiedChallenge> verify(Bytes bytes, const KeyRing& keys,
                                        const ProtectionSpace& space);

// A challenge lives 24 hours. One issued in the future (the clock stepped back) counts as expired.
bool is_expired(const Challenge& challenge, TimePoint now) noexcept;
bool is_past_half_life(const Challenge& challenge, TimePoint now) noexcept;

}  // namespace epoch::core
