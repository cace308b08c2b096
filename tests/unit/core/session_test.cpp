#include "core/session.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

constexpr TimePoint kNow{Seconds(1'800'000'000)};
constexpr Limits kLimits{.idle = std::chrono::minutes(30), .max_age = std::chrono::hours(12)};

Session session() {
  Session s;
  s.identity.user = "alice";
  s.zone = "example.org \"Intranet\"";
  s.proof = Hash256{1};
  s.verifier = Verifier{2};
  s.created = s.authenticated = s.verified = s.last_seen = kNow;
  s.expires = kNow + kLimits.max_age;
  s.opened_under = {.store = 1, .zone = 2, .user = 3};
  s.address = "192.0.2.1";
  s.user_agent = "Mozilla/5.0";
  return s;
}

TEST(Session, LivesUntilItsIdleTimeAndOneFlushAreOver) {
  const Seconds flush = flush_interval(kLimits.idle);
  EXPECT_EQ(flush, Seconds(60));
  EXPECT_TRUE(is_live(session(), std::nullopt, kLimits, kNow + kLimits.idle + flush - Seconds(1)));
  EXPECT_EQ(overdue(session(), std::nullopt, kLimits, kNow + kLimits.idle + flush),
            EndReason::IdleTimeout);
}

TEST(Session, FlushIsAQuarterOfAShortIdleTime) {
  EXPECT_EQ(flush_interval(Seconds(40)), Seconds(10));
  EXPECT_EQ(flush_interval(Seconds(1)), Seconds(0));
}

TEST(Session, LivesNoLongerThanItsOwnMaxAgeOrTheLocations) {
  Session s = session();
  s.last_seen = kNow + std::chrono::hours(12);
  EXPECT_EQ(overdue(s, std::nullopt, kLimits, kNow + std::chrono::hours(12)), EndReason::MaxAge);
  const Limits shorter{.idle = kLimits.idle, .max_age = std::chrono::hours(1)};
  EXPECT_EQ(overdue(s, std::nullopt, shorter, kNow + std::chrono::hours(1)), EndReason::MaxAge);
  const Limits longer{.idle = kLimits.idle, .max_age = std::chrono::hours(24)};
  EXPECT_EQ(overdue(s, std::nullopt, longer, kNow + std::chrono::hours(12)), EndReason::MaxAge);
}

TEST(Session, DiesWithItsEpochsAndSaysWhy) {
  EXPECT_EQ(overdue(session(), EndReason::EpochGrown, kLimits, kNow), EndReason::EpochGrown);
  EXPECT_EQ(overdue(session(), EndReason::AccountGone, kLimits, kNow + std::chrono::hours(24)),
            EndReason::AccountGone);
}

TEST(Session, BelongsToTheAccountHoweverTheNameIsSpelt) {
  const Identity alice{.user = "alice", .account = AccountId{1}};
  const Identity spelt_otherwise{.user = "Alice", .account = AccountId{1}};
  const Identity another{.user = "alice", .account = AccountId{2}};
  const Identity without{.user = "alice"};
  EXPECT_EQ(subject_of(alice), subject_of(spelt_otherwise));
  EXPECT_NE(subject_of(alice), subject_of(another));
  EXPECT_NE(subject_of(alice), subject_of(without));
  EXPECT_NE(subject_of(without), subject_of({.user = "Alice"}));
}

TEST(Session, IsNotLiveOnceEndedWhateverTheClockSays) {
  Session s = session();
  s.end = End{.reason = EndReason::LoggedOut, .at = kNow + Seconds(5)};
  EXPECT_FALSE(is_live(s, std::nullopt, kLimits, kNow));
}

TEST(Session, ProofDependsOnIdUserAndPassword) {
  const SessionId id{Hash256{1}};
  const Hash256 proof = proof_of(id, Credentials("alice", "pw"));
  EXPECT_EQ(proof, proof_of(id, Credentials("alice", "pw")));
  EXPECT_NE(proof, proof_of(SessionId{Hash256{2}}, Credentials("alice", "pw")));
  EXPECT_NE(proof, proof_of(id, Credentials("alice", "pw2")));
  EXPECT_NE(proof, proof_of(id, Credentials("alicep", "w")));
}

TEST(Session, IsForgottenADayAfterItCouldLastBeNamed) {
  Record live{.succession = {}, .session = session()};
  EXPECT_EQ(forgettable_from(live), live.session->expires + kRemembered);
  Record ended = live;
  ended.session->end = End{.reason = EndReason::LoggedOut, .at = kNow};
  EXPECT_EQ(forgettable_from(ended), kNow + kRemembered);
  // A later logout on the same lineage raised its generation: it must be remembered from then on.
  ended.succession.changed = kNow + Seconds(100);
  EXPECT_EQ(forgettable_from(ended), kNow + Seconds(100) + kRemembered);
  Record root;
  root.succession.changed = kNow;
  EXPECT_EQ(forgettable_from(root), kNow + kRemembered);
}

Record full_record() {
  Record record;
  record.succession = {
      .generation = 3, .successor = Hash256{7}, .signing_key = 42, .changed = kNow};
  record.session = session();
  record.session->end = End{.reason = EndReason::Superseded, .at = kNow + Seconds(1)};
  return record;
}

Record record_of_a_directory() {
  Record record = full_record();
  Session& session = *record.session;
  session.identity = {.user = "alice",
                      .account = AccountId{9},
                      .dn = "uid=alice,dc=example,dc=org",
                      .variables = {{"AUTHENTICATE_MAIL", "alice@example.org"},
                                    {"AUTHENTICATE_CN", std::string("a\0b; \xff", 6)},
                                    {"AUTHENTICATE_SN", ""}}};
  session.opened_under.account = 4;
  session.verified = kNow + Seconds(60);
  return record;
}

TEST(RecordBytes, ComeBackAsTheyWent) {
  const Record record = full_record();
  const std::optional<Record> back = decode_record(bytes_of(encode(record)));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(encode(*back), encode(record));
  EXPECT_EQ(back->succession.successor, record.succession.successor);
  EXPECT_EQ(back->session->identity.user, "alice");
  EXPECT_EQ(back->session->end->reason, EndReason::Superseded);
  EXPECT_EQ(back->session->opened_under, record.session->opened_under);
}

TEST(RecordBytes, KeepWhatADirectoryFound) {
  const Record record = record_of_a_directory();
  const std::optional<Record> back = decode_record(bytes_of(encode(record)));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(encode(*back), encode(record));
  EXPECT_EQ(back->session->identity, record.session->identity);
  EXPECT_EQ(back->session->opened_under, record.session->opened_under);
  EXPECT_EQ(back->session->verified, record.session->verified);
}

TEST(RecordBytes, KeepEveryReasonAndNoOther) {
  for (unsigned n = 0; n < 256; ++n) {
    const auto reason = static_cast<EndReason>(n);
    Record record = full_record();
    record.session->end->reason = reason;
    const std::optional<Record> back = decode_record(bytes_of(encode(record)));
    ASSERT_EQ(back.has_value(), is_end_reason(reason)) << n;
    ASSERT_EQ(is_end_reason(reason), n >= 1 && n <= 12) << n;
    if (back) {
      EXPECT_EQ(back->session->end->reason, reason);
    }
  }
}

TEST(RecordBytes, OfARootAloneAreShort) {
  Record root;
  root.succession.generation = 1;
  const std::string bytes = encode(root);
  EXPECT_LT(bytes.size(), 32U);
  EXPECT_FALSE(decode_record(bytes_of(bytes))->session.has_value());
}

TEST(RecordBytes, CutAnywhereAreDamage) {
  const std::string bytes = encode(record_of_a_directory());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_record(bytes_of(bytes.substr(0, length))).has_value()) << length;
  }
  EXPECT_FALSE(decode_record(bytes_of(bytes + "x")).has_value());
}

TEST(RecordBytes, WithABitFlippedAreDamageOrAnotherRecordButNeverACrash) {
  const std::string bytes = encode(record_of_a_directory());
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      if (const auto record = decode_record(bytes_of(flipped))) {
        EXPECT_EQ(encode(*record), flipped);
        static_cast<void>(is_live(*record->session, std::nullopt, kLimits, kNow));
      }
    }
  }
}

TEST(RecordBytes, OfAnotherVersionAreRefused) {
  std::string bytes = encode(full_record());
  for (const char version : {'\0', '\2', '\4'}) {
    bytes[0] = version;
    EXPECT_FALSE(decode_record(bytes_of(bytes)).has_value());
  }
}

TEST(Lineage, NamesHangTogether) {
  const SessionId id{Hash256{5}};
  const Hash256 root = lineage_root_of(id);
  const RecordKey key = record_key_of(root);
  EXPECT_NE(root, id.value);
  EXPECT_NE(key.value, root);
  EXPECT_EQ(public_id(key).size(), 32U);
  EXPECT_EQ(short_id(key).size(), 8U);
  EXPECT_TRUE(public_id(key).starts_with(short_id(key)));
}

}  // namespace
}  // namespace epoch::core
