#include "core/keys.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <stdexcept>

#include "core/text.h"

namespace epoch::core {
namespace {

std::uint32_t key_id_of(const Hash256& secret) {
  const Hash256 digest = sha256({bytes_of("key id"), secret});
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < sizeof id; ++i) id |= std::uint32_t{digest[i]} << (8 * i);
  return id;
}

std::array<std::uint8_t, 4> as_bytes(std::uint32_t value) noexcept {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>((value >> (8 * i)) & 0xffU);
  }
  return bytes;
}

std::optional<SigningKey> parse_line(std::string_view line) {
  std::string_view rest = line;
  const std::string_view created_text = next_piece(rest, ' ');
  const std::string_view secret_text = trimmed(rest);
  std::int64_t created = 0;
  const auto [end, error] =
      std::from_chars(created_text.data(), created_text.data() + created_text.size(), created);
  if (error != std::errc() || end != created_text.data() + created_text.size() || created < 0) {
    return std::nullopt;
  }
  std::optional<std::string> secret = base64url_decode(secret_text);
  if (!secret || secret->size() != Hash256().size()) return std::nullopt;
  Hash256 bytes;
  std::copy(secret->begin(), secret->end(), bytes.begin());
  SigningKey key(TimePoint(Seconds(created)), bytes);
  OPENSSL_cleanse(secret->data(), secret->size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

}  // namespace

SigningKey::SigningKey(TimePoint created, const Hash256& secret)
    : id_(key_id_of(secret)), created_(created), secret_(secret) {}

SigningKey::~SigningKey() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

SessionId SigningKey::session_id(const Lineage& lineage, std::string_view zone,
                                 const Credentials& credentials) const {
  return SessionId{hmac_sha256(
      secret_, {bytes_of("session"), lineage.root, as_bytes(lineage.generation), bytes_of(zone),
                bytes_of(credentials.user()), bytes_of(credentials.password())})};
}

Hash256 SigningKey::challenge_mac(Bytes challenge, std::string_view zone,
                                  const Hash256& store_instance) const {
  return hmac_sha256(secret_, {bytes_of("challenge"), challenge, bytes_of(zone), store_instance});
}

Hash256 SigningKey::derive(std::string_view purpose) const {
  return hmac_sha256(secret_, {bytes_of("derived"), bytes_of(purpose)});
}

KeyRing::KeyRing(std::vector<SigningKey> keys) : keys_(std::move(keys)) {
  if (keys_.empty()) throw std::invalid_argument("a key ring needs at least one key");
  std::stable_sort(keys_.begin(), keys_.end(), [](const SigningKey& a, const SigningKey& b) {
    return a.created() < b.created();
  });
}

Result<KeyRing> KeyRing::parse(std::string_view text) {
  std::vector<SigningKey> keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = next_piece(text, '\n');
    if (line.empty() || line.front() == '#') continue;
    std::optional<SigningKey> key = parse_line(line);
    if (!key) {
      return Error{ErrorCode::Malformed,
                   "line " + std::to_string(number) +
                       " is not a key: expected the seconds since 1970 at which it was made, a "
                       "space, and 32 bytes in base64url without padding (43 characters)"};
    }
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) {
    return Error{ErrorCode::Malformed,
                 "it holds no key; remove the file and httpd makes a new one at its next start "
                 "(people will be asked for their password once more)"};
  }
  return KeyRing(std::move(keys));
}

std::string KeyRing::serialize() const {
  std::string text =
      "# Signing keys of mod_auth_epoch: the newest signs, older ones are still accepted.\n"
      "# One key a line: seconds since 1970, 32 random bytes in base64url. Keep them secret.\n";
  for (const SigningKey& key : keys_) {
    text += std::to_string(key.created().time_since_epoch().count()) + " " +
            base64url_encode(key.secret_) + "\n";
  }
  return text;
}

const SigningKey& KeyRing::newest() const noexcept { return keys_.back(); }

const SigningKey& KeyRing::oldest() const noexcept { return keys_.front(); }

const SigningKey* KeyRing::find(std::uint32_t id) const noexcept {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [id](const SigningKey& key) { return key.id() == id; });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace epoch::core
