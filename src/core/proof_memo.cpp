#include "core/proof_memo.h"

#include <openssl/crypto.h>
#include <sodium/crypto_shorthash.h>

#include <cstring>

#include "core/ports.h"
#include "core/session.h"

namespace epoch::core {
namespace {

constexpr std::size_t kLongestText = 512;

// A tag is as good as random, and so is any part of it.
std::uint64_t place_of(const ProofMemo::Tag& tag) noexcept {
  std::uint64_t place = 0;
  std::memcpy(&place, tag.data(), sizeof place);
  return place;
}

}  // namespace

Proven prove(const SessionId& id, const Credentials* credentials) {
  Proven proven;
  proven.root = lineage_root_of(id);
  proven.key = record_key_of(proven.root);
  if (credentials != nullptr) proven.proof = proof_of(id, *credentials);
  return proven;
}

ProofMemo::ProofMemo(Entropy& entropy, std::size_t sessions) : entries_(sessions) {
  static_assert(std::tuple_size_v<decltype(key_)> == crypto_shorthash_siphashx24_KEYBYTES);
  static_assert(std::tuple_size_v<Tag> == crypto_shorthash_siphashx24_BYTES);
  entropy.fill(key_);
}

// The length of the cookie stands before both, so that no two pairs make the same text.
std::optional<ProofMemo::Tag> ProofMemo::tag_of(std::string_view cookie_value,
                                                const Credentials* credentials) const noexcept {
  if (credentials == nullptr || credentials->encoded().empty()) return std::nullopt;
  const std::string_view encoded = credentials->encoded();
  const std::uint64_t cookie_length = cookie_value.size();
  const std::size_t length = sizeof cookie_length + cookie_value.size() + encoded.size();
  if (length > kLongestText) return std::nullopt;

  std::array<std::uint8_t, kLongestText> text;
  std::uint8_t* at = text.data();
  std::memcpy(at, &cookie_length, sizeof cookie_length);
  at += sizeof cookie_length;
  std::memcpy(at, cookie_value.data(), cookie_value.size());
  std::memcpy(at + cookie_value.size(), encoded.data(), encoded.size());
  std::optional<Tag> tag(std::in_place);
  crypto_shorthash_siphashx24(tag->data(), text.data(), length, key_.data());
  OPENSSL_cleanse(text.data(), length);
  return tag;
}

std::optional<Proven> ProofMemo::find(const Tag& tag) {
  std::optional<Proven> found;
  entries_.visit(place_of(tag), [&](const Entry& entry) {
    // Whoever does not know the key learns nothing from how long this takes.
    if (entry.tag == tag) found = entry.proven;
  });
  return found;
}

void ProofMemo::keep(const Tag& tag, const Proven& proven) {
  entries_.visit(place_of(tag), [&](Entry& entry) { entry = {.tag = tag, .proven = proven}; });
}

}  // namespace epoch::core
