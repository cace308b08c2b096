#include "ldap/sync_messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "ldap_testing.h"

namespace epoch::ldap {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets joined(std::initializer_list<Octets> parts) {
  Octets out;
  for (const Octets& part : parts) std::copy(part.begin(), part.end(), std::back_inserter(out));
  return out;
}

Octets tlv(std::uint8_t tag, const Octets& content) {
  const std::size_t size = content.size();
  Octets header{tag};
  if (size < 128) {
    header.push_back(static_cast<std::uint8_t>(size));
  } else {
    header.push_back(0x82);
    header.push_back(static_cast<std::uint8_t>(size >> 8));
    header.push_back(static_cast<std::uint8_t>(size & 0xff));
  }
  return joined({header, content});
}

Octets octets(std::string_view text) { return tlv(0x04, Octets(text.begin(), text.end())); }
Octets octets(const core::EntryUuid& id) { return tlv(0x04, Octets(id.begin(), id.end())); }
Octets boolean(bool value) { return {0x01, 0x01, static_cast<std::uint8_t>(value ? 0xff : 0)}; }
Octets state(std::uint8_t change) {
  return tlv(0x30, joined({{0x0a, 0x01, change}, octets(uuid(5)), octets("cookie")}));
}

TEST(SyncState, ItIsReadWithAndWithoutACookie) {
  const auto read = decode_sync_state(state(2));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->change, EntryChange::Modify);
  EXPECT_EQ(read->uuid, uuid(5));
  EXPECT_EQ(read->cookie, "cookie");
  const auto bare = decode_sync_state(tlv(0x30, joined({{0x0a, 0x01, 3}, octets(uuid(6))})));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->change, EntryChange::Delete);
  EXPECT_EQ(bare->cookie, std::nullopt);
}

TEST(SyncState, AnUnknownChangeOrAShortUuidIsNone) {
  EXPECT_FALSE(decode_sync_state(state(4)));
  EXPECT_FALSE(decode_sync_state(tlv(0x30, joined({{0x0a, 0x01, 1}, octets("short")}))));
  EXPECT_FALSE(decode_sync_state({}));
}

TEST(SyncInfo, ANewCookieIsRead) {
  const auto info = decode_sync_info(tlv(0x80, {'c', 0, 'x'}));
  ASSERT_TRUE(info);
  EXPECT_EQ(std::get<NewCookie>(*info).cookie, std::string("c\0x", 3));
}

TEST(SyncInfo, TheEndOfAPhaseIsReadWithItsDefaults) {
  const auto plain = decode_sync_info(tlv(0xa1, {}));
  ASSERT_TRUE(plain);
  EXPECT_TRUE(std::get<PhaseOver>(*plain).deletes);
  EXPECT_TRUE(std::get<PhaseOver>(*plain).refresh_done);
  const auto full = decode_sync_info(tlv(0xa2, joined({octets("c"), boolean(false)})));
  ASSERT_TRUE(full);
  EXPECT_FALSE(std::get<PhaseOver>(*full).deletes);
  EXPECT_FALSE(std::get<PhaseOver>(*full).refresh_done);
  EXPECT_EQ(std::get<PhaseOver>(*full).cookie, "c");
}

TEST(SyncInfo, ASetOfIdsIsRead) {
  Octets members;
  for (std::uint8_t number = 0; number < 100; ++number) {
    const Octets member = octets(uuid(number));
    members.insert(members.end(), member.begin(), member.end());
  }
  const auto info =
      decode_sync_info(tlv(0xa3, joined({octets("c"), boolean(true), tlv(0x31, members)})));
  ASSERT_TRUE(info);
  const IdSet& set = std::get<IdSet>(*info);
  EXPECT_TRUE(set.deleted);
  ASSERT_EQ(set.uuids.size(), 100U);
  EXPECT_EQ(set.uuids[99], uuid(99));
}

TEST(SyncInfo, ASetWithAForeignMemberIsNone) {
  EXPECT_FALSE(decode_sync_info(tlv(0xa3, tlv(0x31, octets("not a uuid")))));
  EXPECT_FALSE(decode_sync_info(tlv(0xa3, boolean(true)))) << "no set";
}

TEST(SyncInfo, LengthsThatLieAreNone) {
  for (const Octets& lie :
       {Octets{0x80}, Octets{0x80, 0x05, 'a'}, Octets{0x80, 0x80}, Octets{0x80, 0x84, 0xff},
        Octets{0x80, 0x84, 0xff, 0xff, 0xff, 0xff}, Octets{0x80, 0x88, 0, 0, 0, 0, 0, 0, 0, 1},
        Octets{0x80, 0x00, 0x00}, Octets{0xa4, 0x00}, Octets{}}) {
    EXPECT_FALSE(decode_sync_info(lie));
  }
}

// Every message cut short, and with every byte another, is read or refused, and nothing worse.
TEST(SyncMessages, NoBytesDoHarm) {
  Octets message =
      tlv(0xa3, joined({octets("c"), boolean(true), tlv(0x31, joined({octets(uuid(1))}))}));
  for (std::size_t length = 0; length < message.size(); ++length) {
    EXPECT_FALSE(decode_sync_info(core::Bytes(message).first(length)));
  }
  for (std::uint8_t& byte : message) {
    for (int other = 0; other < 256; ++other) {
      const std::uint8_t before = byte;
      byte = static_cast<std::uint8_t>(other);
      if (const auto info = decode_sync_info(message)) {
        EXPECT_LE(info->index(), 2U);
      }
      byte = before;
    }
  }
}

}  // namespace
}  // namespace epoch::ldap
