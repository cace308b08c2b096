#include "core/bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace epoch::core {
namespace {

std::string hex_of(const Hash256& hash) { return hex(hash); }

TEST(Bytes, Sha256FramesItsPartsSoThatTheyCannotRunTogether) {
  EXPECT_NE(sha256({bytes_of("ab"), bytes_of("c")}), sha256({bytes_of("a"), bytes_of("bc")}));
  EXPECT_NE(sha256({bytes_of("ab")}), sha256({bytes_of("ab"), bytes_of("")}));
}

// SHA-256 over eight bytes of length, little endian, and "abc": `printf '\3\0\0\0\0\0\0\0abc' |
// sha256sum`.
TEST(Bytes, Sha256IsSha256) {
  EXPECT_EQ(hex_of(sha256({bytes_of("abc")})),
            "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391");
}

TEST(Bytes, HmacDependsOnKeyAndParts) {
  const Hash256 mac = hmac_sha256(bytes_of("key"), {bytes_of("a"), bytes_of("b")});
  EXPECT_EQ(mac, hmac_sha256(bytes_of("key"), {bytes_of("a"), bytes_of("b")}));
  EXPECT_NE(mac, hmac_sha256(bytes_of("kez"), {bytes_of("a"), bytes_of("b")}));
  EXPECT_NE(mac, hmac_sha256(bytes_of("key"), {bytes_of("ab")}));
}

TEST(Bytes, ComparesInConstantTimeByLengthAndContent) {
  EXPECT_TRUE(equal_in_constant_time(bytes_of("same"), bytes_of("same")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("same"), bytes_of("sama")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("same"), bytes_of("sam")));
  EXPECT_TRUE(equal_in_constant_time(bytes_of(""), bytes_of("")));
  EXPECT_TRUE(equal_in_constant_time(Hash256{1, 2}, Hash256{1, 2}));
  EXPECT_FALSE(equal_in_constant_time(Hash256{1, 2}, Hash256{1, 3}));
}

TEST(Bytes, EveryBitCountsWhereTheyAreCompared) {
  const Hash256 hash = sha256({bytes_of("hash")});
  for (std::size_t bit = 0; bit < 8 * hash.size(); ++bit) {
    Hash256 other = hash;
    other[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(equal_in_constant_time(hash, other)) << "bit " << bit;
    EXPECT_FALSE(equal_in_constant_time(Bytes(hash), Bytes(other))) << "bit " << bit;
  }
}

TEST(Bytes, Base64urlComesBackAsItWent) {
  std::string bytes;
  for (int length = 0; length < 70; ++length) {
    const std::optional<std::string> back = base64url_decode(base64url_encode(bytes_of(bytes)));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, bytes);
    bytes.push_back(static_cast<char>(length * 37));
  }
}

TEST(Bytes, Base64urlHasOneSpelling) {
  EXPECT_EQ(base64url_decode("QUI"), "AB");
  for (const char* other : {"QUI=", "QUJ", "QU I", "QU+I", "QU/I", "Q", "QUI\n"}) {
    EXPECT_EQ(base64url_decode(other), std::nullopt) << other;
  }
}

std::string read_as_httpd(std::string_view text) {
  std::vector<std::uint8_t> room(text.size() * 3 / 4);
  const std::size_t length = base64_decode_as_httpd(text, room);
  return std::string(text_of(Bytes(room).first(length)));
}

TEST(Bytes, Base64IsReadAsFarAsHttpdReadsIt) {
  EXPECT_EQ(read_as_httpd("YWxpY2U6c2VjcmV0"), "alice:secret");
  EXPECT_EQ(read_as_httpd("YWxpY2U6c2VjcmV0IQ=="), "alice:secret!");
  EXPECT_EQ(read_as_httpd("YWxpY2U6c2VjcmV0IQ"), "alice:secret!");
  EXPECT_EQ(read_as_httpd("YWxp Y2U6"), "ali");
  EXPECT_EQ(read_as_httpd("-_"), "");
  EXPECT_EQ(read_as_httpd(""), "");
}

}  // namespace
}  // namespace epoch::core
