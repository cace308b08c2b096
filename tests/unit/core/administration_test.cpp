#include "core/administration.h"

#include <gtest/gtest.h>

#include <memory>

#include "store/lmdb_store.h"
#include "store/memory_store.h"
#include "store/store_testing.h"

namespace epoch::core {
namespace {

using store::kNoon;
using store::numbered;

using MakeStore = std::unique_ptr<SessionStore> (*)(const store::ScratchDirectory&);

std::unique_ptr<SessionStore> make_memory(const store::ScratchDirectory&) {
  return std::make_unique<store::MemoryStore>(numbered(42));
}

std::unique_ptr<SessionStore> make_lmdb(const store::ScratchDirectory& directory) {
  return std::make_unique<store::LmdbStore>(store::options_for(directory));
}

class Administration : public testing::TestWithParam<MakeStore> {
 protected:
  Administration() : store_(GetParam()(directory_)) {}

  RecordKey open(std::uint64_t number, const std::string& user, const std::string& address = "",
                 TimePoint at = kNoon, const std::string& zone = "zone") {
    Opening opening = store::login(number, store::new_client(number), *store_->moment(), at);
    opening.session.identity.user = user;
    opening.session.zone = zone;
    opening.session.address = address;
    EXPECT_EQ(store_->open(opening)->outcome, OpenOutcome::Opened);
    return opening.key;
  }

  // All pages, each of which has at most two.
  std::vector<RecordKey> find(const SessionFilter& filter, TimePoint now = kNoon) {
    std::vector<RecordKey> keys;
    std::optional<Position> from;
    do {
      const Result<SessionsFound> found = find_sessions(*store_, filter, from, 2, now);
      EXPECT_TRUE(found.ok());
      EXPECT_LE(found->sessions.size(), 2U);
      for (const NamedSession& each : found->sessions) keys.push_back(each.key);
      from = found->next;
    } while (from);
    return keys;
  }

  store::ScratchDirectory directory_;
  std::unique_ptr<SessionStore> store_;
};

TEST_P(Administration, FindsByTheBeginningOfTheName) {
  const RecordKey alan = open(1, "Alan");
  const RecordKey alice = open(2, "alice");
  open(3, "bob");
  EXPECT_EQ(find({.user = "al"}), (std::vector{alan, alice}));
  EXPECT_EQ(find({.user = "AL"}), (std::vector{alan, alice}));
  EXPECT_EQ(find({.user = "alice"}), std::vector{alice});
  EXPECT_TRUE(find({.user = "alice2"}).empty());
  EXPECT_EQ(find({}).size(), 3U);
}

TEST_P(Administration, FindsByAddressZoneAndAge) {
  const RecordKey old = open(1, "alice", "192.0.2.1", kNoon - Seconds(3600));
  const RecordKey young = open(2, "bob", "192.0.2.77", kNoon);
  const RecordKey away = open(3, "carol", "2001:db8::1", kNoon, "elsewhere");
  EXPECT_EQ(find({.address = "192.0.2."}), (std::vector{old, young}));
  EXPECT_EQ(find({.address = "2001:db8::1"}), std::vector{away});
  EXPECT_EQ(find({.zone = "elsewhere"}), std::vector{away});
  EXPECT_TRUE(find({.zone = "else"}).empty());
  EXPECT_EQ(find({.signed_in_for = Seconds(3600)}), std::vector{old});
  EXPECT_TRUE(find({.user = "bob", .signed_in_for = Seconds(3600)}).empty());
}

TEST_P(Administration, DoesNotFindWhatIsOver) {
  const RecordKey ended = open(1, "alice");
  open(2, "alice");
  EXPECT_TRUE(*store_->end(ended, EndReason::LoggedOut, kNoon));
  EXPECT_EQ(find({}).size(), 1U);
  EXPECT_TRUE(find({}, kNoon + store::kLimits.max_age).empty()) << "too old";
}

TEST_P(Administration, FindsRareOnesAmongMany) {
  for (std::uint64_t number = 1; number <= 600; ++number) {
    open(number, "user" + std::to_string(number), number % 200 == 0 ? "192.0.2.1" : "192.0.2.2");
  }
  EXPECT_EQ(find({.address = "192.0.2.1"}).size(), 3U);
}

TEST_P(Administration, FindsASessionByItsWholePublicId) {
  const RecordKey alice = open(1, "alice");
  const std::string id = public_id(alice);
  ASSERT_TRUE(*find_session(*store_, id));
  EXPECT_EQ((*find_session(*store_, id))->session.identity.user, "alice");
  ASSERT_TRUE(*store_->end(alice, EndReason::LoggedOut, kNoon));
  EXPECT_TRUE((*find_session(*store_, id))->session.end) << "in whatever state";

  EXPECT_FALSE(*find_session(*store_, id.substr(1)));
  EXPECT_FALSE(*find_session(*store_, id + "0"));
  EXPECT_FALSE(*find_session(*store_, std::string(32, 'f')));
  EXPECT_FALSE(*find_session(*store_, std::string(32, 'x')));
  EXPECT_FALSE(*find_session(*store_, ""));
}

INSTANTIATE_TEST_SUITE_P(Stores, Administration, testing::Values(&make_memory, &make_lmdb));

}  // namespace
}  // namespace epoch::core
