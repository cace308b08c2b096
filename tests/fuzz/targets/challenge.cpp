// Signed challenges: whatever was not signed by one of our keys for this zone and store is none.
#include "core/challenge.h"

#include "core/cookie.h"
#include "property.h"

namespace epoch::fuzz {
namespace {

core::SigningKey key(std::uint8_t byte) {
  core::Hash256 secret;
  secret.fill(byte);
  return {core::TimePoint(core::Seconds(byte)), secret};
}

const core::KeyRing& ring() {
  static const core::KeyRing keys({key(1), key(2)});
  return keys;
}

constexpr core::Hash256 kStore{1};
constexpr core::Hash256 kAnotherStore{2};

constexpr core::ProtectionSpace kHere{
    .zone = "zone", .origin = "https://example.org", .realm = "Staff", .store_instance = kStore};

core::Challenge take_challenge(FuzzedDataProvider& input) {
  core::Challenge challenge;
  challenge.armed = input.ConsumeBool();
  challenge.logout = input.ConsumeBool();
  // Clocks that are this far off are nobody's.
  challenge.issued = core::TimePoint(
      core::Seconds(input.ConsumeIntegralInRange<std::int64_t>(0, std::int64_t{1} << 40)));
  challenge.lineage.generation = input.ConsumeIntegral<std::uint32_t>();
  challenge.lineage.root = take_hash(input);
  return challenge;
}

void signing(const core::Challenge& challenge, const core::SigningKey& with) {
  const std::string bytes = core::sign(challenge, with, kHere);
  const auto read = core::verify(core::bytes_of(bytes), ring(), kHere);
  require(read.has_value(), "what was signed is verified");
  require(read->here && read->key->id() == with.id(), "by the key that signed, for here");
  require(read->challenge.armed == challenge.armed && read->challenge.logout == challenge.logout &&
              read->challenge.issued == challenge.issued &&
              read->challenge.lineage == challenge.lineage,
          "and says what was signed");
  const auto content = core::read_cookie_value(core::challenge_value(core::bytes_of(bytes)));
  require(content && std::get<core::ChallengeBytes>(*content).bytes == bytes,
          "a challenge goes through a cookie unchanged");

  const core::ProtectionSpace another_zone{
      .zone = "zon", .origin = kHere.origin, .realm = kHere.realm, .store_instance = kStore};
  require(!core::verify(core::bytes_of(bytes), ring(), another_zone), "it is of its zone alone");
  const core::ProtectionSpace another_realm{
      .zone = kHere.zone, .origin = kHere.origin, .realm = "Stuff", .store_instance = kStore};
  const auto there = core::verify(core::bytes_of(bytes), ring(), another_realm);
  require(there && !there->here, "another realm is not here");
  const core::ProtectionSpace another_store{.zone = kHere.zone,
                                            .origin = kHere.origin,
                                            .realm = kHere.realm,
                                            .store_instance = kAnotherStore};
  require(!core::verify(core::bytes_of(bytes), ring(), another_store), "it is of its store alone");
}

void ageing(const core::Challenge& challenge, core::TimePoint now) {
  if (core::is_expired(challenge, now)) return;
  require(challenge.issued + core::kChallengeLife > now, "none lives longer than its life");
  require(!core::is_past_half_life(challenge, now) || now > challenge.issued,
          "the half comes after the beginning");
}

void tampering(const core::Challenge& challenge, FuzzedDataProvider& input) {
  std::string bytes = core::sign(challenge, ring().newest(), kHere);
  const std::string before = bytes;
  const std::size_t changes = input.ConsumeIntegralInRange<std::size_t>(1, 4);
  for (std::size_t i = 0; i < changes; ++i) {
    const auto at = input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1);
    bytes[at] = static_cast<char>(bytes[at] ^ input.ConsumeIntegral<char>());
  }
  const bool same = bytes == before;
  require(core::verify(core::bytes_of(bytes), ring(), kHere).has_value() == same,
          "a challenge with one bit changed is none");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  const core::Bytes raw(bytes, size);
  fuzz::require(!core::verify(raw, fuzz::ring(), fuzz::kHere), "nobody guesses a MAC");

  FuzzedDataProvider input(bytes, size);
  const core::Challenge challenge = fuzz::take_challenge(input);
  fuzz::signing(challenge, fuzz::key(input.ConsumeBool() ? 1 : 2));
  fuzz::ageing(challenge, core::TimePoint(core::Seconds(input.ConsumeIntegral<std::uint32_t>())));
  fuzz::tampering(challenge, input);
  return 0;
}
