// What a session cookie and the credentials that came with it make: the digests that every request
// of a session would otherwise compute again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "core/credentials.h"
#include "core/lineage.h"
#include "core/slots.h"

namespace epoch::core {

class Entropy;

// Functions of id and credentials alone: no logout, clock or store changes them.
struct Proven {
  Hash256 root;                  // lineage_root_of(id)
  RecordKey key;                 // record_key_of(root)
  std::optional<Hash256> proof;  // proof_of(id, credentials), where there are any
};

Proven prove(const SessionId& id, const Credentials* credentials);

// Thread-safe. Neither cookies nor credentials are kept: what they made is found again by a
// SipHash-2-4 of 128 bits over both, under a key that is drawn for this process and never leaves
// it.
class ProofMemo {
 public:
  ProofMemo(Entropy& entropy, std::size_t sessions);

  using Tag = std::array<std::uint8_t, 16>;

  // nullopt where there is nothing to remember it by: no credentials, or very long ones.
  [[nodiscard]] std::optional<Tag> tag_of(std::string_view cookie_value,
                                          const Credentials* credentials) const noexcept;

  std::optional<Proven> find(const Tag& tag);
  void keep(const Tag& tag, const Proven& proven);

 private:
  struct Entry {
    Tag tag{};
    Proven proven{};
  };

  std::array<std::uint8_t, 16> key_{};
  Slots<Entry> entries_;
};

}  // namespace epoch::core
