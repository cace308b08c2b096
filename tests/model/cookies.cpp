#include "cookies.h"

#include <algorithm>

namespace epoch::model {
namespace {

// docs/formats.md: flags, issued at, generation, key, root, tag of origin and realm, MAC.
constexpr std::size_t kSize = 1 + 8 + 4 + 4 + 32 + 8 + 16;

std::uint64_t integer(core::Bytes bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8U | bytes[i];
  return value;
}

}  // namespace

CookieFacts read_cookie(const std::string& value) {
  CookieFacts facts;
  if (value.empty()) return facts;
  facts.kind = CookieFacts::Kind::Garbage;
  const std::optional<core::CookieContent> content = core::read_cookie_value(value);
  if (!content) return facts;
  if (const auto* id = std::get_if<core::SessionId>(&*content)) {
    facts.kind = CookieFacts::Kind::Session;
    facts.root = core::lineage_root_of(*id);
    return facts;
  }
  const std::string& text = std::get<core::ChallengeBytes>(*content).bytes;
  const core::Bytes bytes = core::bytes_of(text);
  if (bytes.size() != kSize) return facts;
  facts.kind = CookieFacts::Kind::Challenge;
  core::Challenge challenge;
  challenge.armed = (bytes[0] & 1U) != 0;
  challenge.logout = (bytes[0] & 2U) != 0;
  challenge.issued =
      core::TimePoint(core::Seconds(static_cast<std::int64_t>(integer(bytes.subspan(1, 8)))));
  challenge.lineage.generation = static_cast<std::uint32_t>(integer(bytes.subspan(9, 4)));
  std::copy_n(bytes.begin() + 17, 32, challenge.lineage.root.begin());
  std::copy_n(bytes.begin() + 49, 8, facts.space.begin());
  facts.root = challenge.lineage.root;
  facts.challenge = challenge;
  return facts;
}

std::string forge(const core::Challenge& challenge, const Exchange& exchange) {
  const std::string bytes = core::sign(challenge, exchange.keys.newest(),
                                       {.zone = exchange.presented.zone,
                                        .origin = exchange.presented.origin,
                                        .realm = exchange.presented.realm,
                                        .store_instance = exchange.instance});
  return core::challenge_value(core::bytes_of(bytes));
}

}  // namespace epoch::model
