// The signing keys: what challenges are signed with and session ids are made from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/credentials.h"
#include "core/lineage.h"
#include "core/result.h"
#include "core/session.h"

namespace epoch::core {

// One signing key. Its secret is wiped when it is destroyed and has no output operator.
class SigningKey {
 public:
  SigningKey(TimePoint created, const Hash256& secret);
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  // Names the key in challenges: the first four bytes of a hash of the secret.
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] TimePoint created() const noexcept { return created_; }

  // The id of the session that these credentials open on this lineage. Whoever merely planted or
  // copied a challenge cannot compute it; ten requests sent with one typed answer all get the same.
  [[nodiscard]] SessionId session_id(const Lineage& lineage, std::string_view zone,
                                     const Credentials& credentials) const;

  // The MAC over a challenge's bytes and what it is bound to.
  [[nodiscard]] Hash256 challenge_mac(Bytes challenge, std::string_view zone,
                                      const Hash256& store_instance) const;

  // A secret for something else, which tells nothing of this one.
  [[nodiscard]] Hash256 derive(std::string_view purpose) const;

 private:
  friend class KeyRing;
  std::uint32_t id_;
  TimePoint created_;
  Hash256 secret_;
};

// The keys of one AuthEpochKeyFile. The newest signs, all of them verify. Immutable after parsing,
// so any thread may read it.
class KeyRing {
 public:
  // At least one key.
  explicit KeyRing(std::vector<SigningKey> keys);

  // Reads a key file: a line a key, `<created, seconds since 1970> <secret, base64url>`; lines that
  // begin with # and empty lines are ignored. Malformed names the line and what is accepted.
  static Result<KeyRing> parse(std::string_view text);

  // The text that parse() reads, with a comment for the administrator who opens the file. Holds the
  // secrets: the caller writes it to the key file and nowhere else.
  [[nodiscard]] std::string serialize() const;

  [[nodiscard]] const SigningKey& newest() const noexcept;
  // The one that stays the same longest while new ones are added.
  [[nodiscard]] const SigningKey& oldest() const noexcept;

  // nullptr where no such key is known (any more).
  [[nodiscard]] const SigningKey* find(std::uint32_t id) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

  // From the oldest to the newest.
  [[nodiscard]] const std::vector<SigningKey>& keys() const noexcept { return keys_; }

 private:
  std::vector<SigningKey> keys_;
};

}  // namespace epoch::core
