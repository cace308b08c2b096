#include "core/challenge.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

constexpr TimePoint kNow{Seconds(1'800'000'000)};

SigningKey key_of(std::uint8_t byte, Seconds age = Seconds(0)) {
  Hash256 secret;
  secret.fill(byte);
  return {kNow - age, secret};
}

class ChallengeTest : public testing::Test {
 protected:
  Hash256 store_{1, 2, 3};
  ProtectionSpace here_{
      .zone = "zone", .origin = "https://example.org", .realm = "Realm", .store_instance = store_};
  KeyRing keys_{{key_of(1)}};
  Challenge challenge_{.armed = true,
                       .logout = false,
                       .issued = kNow,
                       .lineage = {.root = Hash256{9, 9, 9}, .generation = 7}};

  std::string signed_bytes() { return sign(challenge_, keys_.newest(), here_); }
};

TEST_F(ChallengeTest, ComesBackAsItWent) {
  for (const bool armed : {false, true}) {
    for (const bool logout : {false, true}) {
      challenge_.armed = armed;
      challenge_.logout = logout;
      const auto verified = verify(bytes_of(signed_bytes()), keys_, here_);
      ASSERT_TRUE(verified.has_value());
      EXPECT_EQ(verified->challenge.armed, armed);
      EXPECT_EQ(verified->challenge.logout, logout);
      EXPECT_EQ(verified->challenge.issued, kNow);
      EXPECT_EQ(verified->challenge.lineage, challenge_.lineage);
      EXPECT_EQ(verified->key, &keys_.newest());
      EXPECT_TRUE(verified->here);
    }
  }
}

TEST_F(ChallengeTest, FitsIntoItsCookie) {
  EXPECT_LE((signed_bytes().size() + 1) * 4 / 3 + 1, 200U);
}

TEST_F(ChallengeTest, NoBitMayFlip) {
  const std::string good = signed_bytes();
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = good;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      EXPECT_FALSE(verify(bytes_of(flipped), keys_, here_).has_value()) << byte << "." << bit;
    }
  }
}

TEST_F(ChallengeTest, NoLengthButItsOwnIsAccepted) {
  const std::string good = signed_bytes();
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(verify(bytes_of(good.substr(0, length)), keys_, here_).has_value());
  }
  EXPECT_FALSE(verify(bytes_of(good + "x"), keys_, here_).has_value());
}

TEST_F(ChallengeTest, OfAnotherZoneOrStoreIsWorthless) {
  const std::string bytes = signed_bytes();
  ProtectionSpace other_zone = here_;
  other_zone.zone = "other";
  EXPECT_FALSE(verify(bytes_of(bytes), keys_, other_zone).has_value());
  const Hash256 other_store{4};
  const ProtectionSpace elsewhere{.zone = here_.zone,
                                  .origin = here_.origin,
                                  .realm = here_.realm,
                                  .store_instance = other_store};
  EXPECT_FALSE(verify(bytes_of(bytes), keys_, elsewhere).has_value());
}

TEST_F(ChallengeTest, OfAnotherOriginOrRealmIsKnownForWhatItIs) {
  const std::string bytes = signed_bytes();
  ProtectionSpace other_port = here_;
  other_port.origin = "https://example.org:8443";
  ProtectionSpace other_realm = here_;
  other_realm.realm = "Other";
  for (const ProtectionSpace& space : {other_port, other_realm}) {
    const auto verified = verify(bytes_of(bytes), keys_, space);
    ASSERT_TRUE(verified.has_value());
    EXPECT_FALSE(verified->here);
  }
}

TEST_F(ChallengeTest, OriginAndRealmDoNotRunTogether) {
  here_.origin = "https://example.org";
  here_.realm = "x";
  const std::string bytes = signed_bytes();
  here_.origin = "https://example.orgx";
  here_.realm = "";
  EXPECT_FALSE(verify(bytes_of(bytes), keys_, here_)->here);
}

TEST_F(ChallengeTest, OfAnOlderKeyIsStillAccepted) {
  const std::string bytes = signed_bytes();
  const KeyRing rotated({key_of(2), key_of(1, Seconds(10))});
  EXPECT_NE(rotated.newest().id(), keys_.newest().id());
  const auto verified = verify(bytes_of(bytes), rotated, here_);
  ASSERT_TRUE(verified.has_value());
  EXPECT_EQ(verified->key->id(), keys_.newest().id());
}

TEST_F(ChallengeTest, OfAKeyThatIsGoneIsWorthless) {
  EXPECT_FALSE(verify(bytes_of(signed_bytes()), KeyRing({key_of(3)}), here_).has_value());
}

TEST_F(ChallengeTest, LivesForADay) {
  EXPECT_FALSE(is_expired(challenge_, kNow));
  EXPECT_FALSE(is_expired(challenge_, kNow + std::chrono::hours(24) - Seconds(1)));
  EXPECT_TRUE(is_expired(challenge_, kNow + std::chrono::hours(24)));
  EXPECT_FALSE(is_past_half_life(challenge_, kNow + std::chrono::hours(12) - Seconds(1)));
  EXPECT_TRUE(is_past_half_life(challenge_, kNow + std::chrono::hours(12)));
}

TEST_F(ChallengeTest, FromTheFutureCountsAsExpired) {
  EXPECT_FALSE(is_expired(challenge_, kNow - Seconds(30)));
  EXPECT_TRUE(is_expired(challenge_, kNow - Seconds(61)));
}

TEST(SigningKeys, MakeDifferentSessionsOfDifferentAnswers) {
  const SigningKey key = key_of(1);
  const Lineage lineage{.root = Hash256{1}, .generation = 0};
  const auto id = [&](const SigningKey& k, const Lineage& l, const char* zone, const char* user,
                      const char* password) {
    return k.session_id(l, zone, Credentials(user, password)).value;
  };
  const Hash256 first = id(key, lineage, "z", "alice", "pw");
  EXPECT_EQ(first, id(key, lineage, "z", "alice", "pw"));
  EXPECT_NE(first, id(key, {.root = Hash256{1}, .generation = 1}, "z", "alice", "pw"));
  EXPECT_NE(first, id(key, {.root = Hash256{2}, .generation = 0}, "z", "alice", "pw"));
  EXPECT_NE(first, id(key, lineage, "y", "alice", "pw"));
  EXPECT_NE(first, id(key, lineage, "z", "alic", "epw"));
  EXPECT_NE(first, id(key_of(2), lineage, "z", "alice", "pw"));
}

TEST(KeyRing, ComesBackAsItWent) {
  const KeyRing ring({key_of(1, Seconds(5)), key_of(2)});
  const Result<KeyRing> back = KeyRing::parse(ring.serialize());
  ASSERT_TRUE(back.ok()) << back.error().detail;
  EXPECT_EQ(back->size(), 2U);
  EXPECT_EQ(back->newest().id(), key_of(2).id());
  EXPECT_NE(back->find(key_of(1).id()), nullptr);
  EXPECT_EQ(back->find(key_of(3).id()), nullptr);
}

TEST(KeyRing, NamesTheLineThatIsWrong) {
  const std::string secret(43, 'A');
  const Result<KeyRing> bad = KeyRing::parse("# comment\n\n17 " + secret + "\n17 short\n");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::Malformed);
  EXPECT_NE(bad.error().detail.find("line 4"), std::string::npos) << bad.error().detail;
  EXPECT_EQ(bad.error().detail.find("short"), std::string::npos) << "secrets stay out of the log";
}

TEST(KeyRing, NeedsAKey) {
  for (const char* text : {"", "# nothing\n", "\n\n"}) EXPECT_FALSE(KeyRing::parse(text).ok());
  for (const char* line : {"x AAAA", "-1 AAAA", "17", "17 AAAA extra"}) {
    EXPECT_FALSE(KeyRing::parse(line).ok()) << line;
  }
}

}  // namespace
}  // namespace epoch::core
