// The watcher's ledger on a disk: it lasts, and it is kept where the store is full or damaged.
#include <gtest/gtest.h>

#include "core/account.h"
#include "store/environment.h"
#include "store/lmdb_store.h"
#include "store/store_directory.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

using core::AccountId;
using core::EndReason;
using core::EntryUuid;
using core::ErrorCode;
using core::Opening;
using core::Result;
using core::WatchedEntry;

const AccountId kAlice = core::account_of("ldap://one/", "cn=alice");
const core::WatchId kWatch = numbered(1);

EntryUuid uuid(std::size_t n) {
  EntryUuid uuid{};
  uuid[0] = static_cast<std::uint8_t>(n / 256);
  uuid[1] = static_cast<std::uint8_t>(n % 256);
  return uuid;
}

WatchedEntry entry(std::size_t n) {
  return {.uuid = uuid(n), .dn = "cn=" + std::to_string(n), .state = {}};
}

core::WatchChanges entries(std::size_t from, std::size_t count) {
  core::WatchChanges changes;
  for (std::size_t n = from; n < from + count; ++n) changes.put.push_back(entry(n));
  return changes;
}

core::WatchChanges revocation_of(const AccountId& account) {
  core::WatchChanges changes;
  changes.revoke.push_back({.account = account, .reason = EndReason::AccountGone});
  return changes;
}

Opening opened(LmdbStore& store, std::uint64_t number, const AccountId& account) {
  Opening opening = login(number, new_client(number), *store.moment());
  opening.session.identity.account = account;
  EXPECT_EQ(store.open(opening)->outcome, core::OpenOutcome::Opened);
  return opening;
}

class LmdbLedger : public testing::Test {
 protected:
  [[nodiscard]] StoreOptions options() const { return options_for(directory_, lines_); }
  [[nodiscard]] StoreOptions limited_to(std::size_t mebibytes) const {
    StoreOptions limited = options();
    limited.map_bytes = mebibytes << 20U;
    return limited;
  }

  // Until no more go in. Answers how many have gone in.
  static std::size_t fill(LmdbStore& store, const core::WatchId& watch) {
    constexpr std::size_t kAtOnce = 100;
    std::size_t filled = 0;
    for (; filled < 50000; filled += kAtOnce) {
      const Result<core::Done> applied = store.apply(watch, entries(filled, kAtOnce));
      if (applied) continue;
      EXPECT_EQ(applied.error().code, ErrorCode::Unavailable);
      EXPECT_NE(applied.error().detail.find("full"), std::string::npos) << applied.error().detail;
      return filled;
    }
    ADD_FAILURE() << "so small a store cannot hold so many";
    return filled;
  }

  ScratchDirectory directory_;
  LogLines lines_;
};

TEST_F(LmdbLedger, SurvivesReopeningWithEverythingItKnows) {
  WatchedEntry alice = entry(1);
  alice.state = {.password_time = 5, .password_value = 7, .barred = true, .expires = kNoon};
  core::WatchChanges changes = revocation_of(kAlice);
  changes.put = {alice, entry(2)};
  changes.cookie = "here";
  {
    LmdbStore store(options());
    ASSERT_TRUE(store.apply(kWatch, changes).ok());
  }
  EXPECT_TRUE(prepare_store(options()).ok()) << "it is read through, and sound";
  LmdbStore store(options());
  EXPECT_EQ(*store.watched(kWatch, uuid(1)), alice);
  EXPECT_EQ(*store.watched_by_dn(kWatch, "CN=2"), entry(2));
  EXPECT_EQ(*store.watch_cookie(kWatch), "here");
  EXPECT_EQ(lines_.all(), "");
}

TEST_F(LmdbLedger, ARevocationSurvivesReopeningWithItsReason) {
  Opening alice;
  {
    LmdbStore store(options());
    alice = opened(store, 1, kAlice);
    ASSERT_TRUE(store.apply(kWatch, revocation_of(kAlice)).ok());
  }
  LmdbStore store(options());
  EXPECT_EQ(store.find(alice.key)->found->outgrown, EndReason::AccountGone);
}

TEST_F(LmdbLedger, ForgetsWhatIsNoLongerWatchedAndNothingElse) {
  LmdbStore store(options());
  core::WatchChanges changes = entries(0, 1500);
  changes.put.back().uuid.fill(0xff);
  changes.cookie = "here";
  for (std::uint64_t n = 1; n <= 4; ++n) ASSERT_TRUE(store.apply(numbered(n), changes).ok());
  const std::vector<core::WatchId> kept = {numbered(4), numbered(2)};
  ASSERT_TRUE(store.keep_watches(kept).ok());
  for (std::uint64_t n = 1; n <= 4; ++n) {
    const core::WatchPage page = *store.list_watched(numbered(n), std::nullopt, 5000);
    EXPECT_EQ(page.entries.size(), n % 2 == 0 ? 1500U : 0U) << n;
    EXPECT_EQ(store.watched_by_dn(numbered(n), "cn=7")->has_value(), n % 2 == 0) << n;
    EXPECT_EQ(store.watch_cookie(numbered(n))->has_value(), n % 2 == 0) << n;
  }
}

TEST_F(LmdbLedger, AStoreFullOfWhatIsNoLongerWatchedIsFreedOfIt) {
  LmdbStore store(limited_to(8));
  const std::size_t filled = fill(store, numbered(2));
  const std::vector<core::WatchId> kept = {kWatch};
  const Result<core::Done> forgotten = store.keep_watches(kept);
  ASSERT_TRUE(forgotten.ok()) << forgotten.error().detail;
  for (std::size_t n = 0; n + 100 <= filled / 2; n += 100) {
    const Result<core::Done> applied = store.apply(kWatch, entries(n, 100));
    ASSERT_TRUE(applied.ok()) << n << " of " << filled << ": " << applied.error().detail;
  }
}

TEST_F(LmdbLedger, WhatTheDiskRefusesHasNotHappened) {
  LmdbStore store(options());
  const Opening alice = opened(store, 1, kAlice);
  core::WatchChanges changes = revocation_of(kAlice);
  changes.put = {entry(1)};
  changes.cookie = "here";
  {
    const FullDisk full;
    const Result<core::Done> applied = store.apply(kWatch, changes);
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().code, ErrorCode::Unavailable);
  }
  EXPECT_TRUE(lives(store, alice.key));
  EXPECT_EQ(*store.watched(kWatch, uuid(1)), std::nullopt);
  EXPECT_EQ(*store.watch_cookie(kWatch), std::nullopt);
  ASSERT_TRUE(store.apply(kWatch, changes).ok());
  EXPECT_FALSE(lives(store, alice.key));
  EXPECT_EQ(*store.watch_cookie(kWatch), "here");
}

TEST_F(LmdbLedger, AFullStoreTakesRevocationsAloneAndNoEntries) {
  LmdbStore store(limited_to(1));
  const Opening alice = opened(store, 1, kAlice);
  const std::size_t filled = fill(store, kWatch);
  core::WatchChanges both = revocation_of(kAlice);
  both.put = entries(filled, 100).put;
  both.cookie = "here";
  EXPECT_EQ(store.apply(kWatch, both).error().code, ErrorCode::Unavailable);
  EXPECT_TRUE(lives(store, alice.key)) << "nothing of it has happened";
  EXPECT_EQ(*store.watched(kWatch, uuid(filled)), std::nullopt);
  EXPECT_EQ(*store.watch_cookie(kWatch), std::nullopt);
  EXPECT_TRUE(store.apply(kWatch, revocation_of(kAlice)).ok());
  EXPECT_FALSE(lives(store, alice.key));
}

TEST_F(LmdbLedger, ABurstOfRevocationsFindsRoomInAStoreFullOfSessions) {
  LmdbStore store(limited_to(1));
  constexpr std::size_t kBurst = 200;
  std::vector<Opening> openings;
  core::WatchChanges burst;
  for (std::uint64_t n = 0;; ++n) {
    const AccountId account = core::account_of("ldap://one/", "cn=" + std::to_string(n));
    Opening opening = login(n, new_client(n), *store.moment());
    opening.session.identity.account = account;
    if (!store.open(opening)) break;
    openings.push_back(opening);
    if (n < kBurst) burst.revoke.push_back({.account = account, .reason = EndReason::AccountGone});
  }
  ASSERT_GT(openings.size(), kBurst);
  const Result<core::Done> applied = store.apply(kWatch, burst);
  ASSERT_TRUE(applied.ok()) << applied.error().detail;
  EXPECT_TRUE(store.apply(kWatch, burst).ok()) << "once more, which takes no more room";
  for (std::size_t n = 0; n < openings.size(); ++n) {
    EXPECT_EQ(lives(store, openings[n].key), n >= kBurst) << n;
  }
}

TEST_F(LmdbLedger, LogoutsFindRoomInAStoreFullOfLongRecords) {
  LmdbStore store(limited_to(8));
  std::vector<Opening> openings;
  for (std::uint64_t n = 0;; ++n) {
    Opening opening = login(n, new_client(n), *store.moment());
    opening.session.identity.variables.emplace_back("AUTHENTICATE_MEMBEROF",
                                                    std::string(60000, 'x'));
    if (!store.open(opening)) break;
    openings.push_back(opening);
  }
  ASSERT_GT(openings.size(), 50U);
  for (const Opening& opening : openings) {
    const Result<core::Closed> closed = store.close(
        {.root = opening.root, .reason = EndReason::LoggedOut, .at = kNoon, .sweep = std::nullopt});
    ASSERT_TRUE(closed.ok()) << closed.error().detail;
  }
}

// What was written by nobody of ours into one of the ledger's tables.
struct Damage {
  std::string name;
  MDB_dbi Layout::*table;
  std::size_t key_bytes;
  std::string value;
};

// What a failure shows. The bytes of a Damage, which it would show else, are partly nobody's.
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

class DamagedLedger : public LmdbLedger, public testing::WithParamInterface<Damage> {};

TEST_P(DamagedLedger, IsSetAsideAtTheNextStart) {
  const Damage& damage = GetParam();
  {
    const Result<std::shared_ptr<Environment>> environment = Environment::open(options());
    Result<TxnHandle> txn = (*environment)->begin_write();
    const std::string name(damage.key_bytes, 'k');
    MDB_val key = val_of(name);
    MDB_val value = val_of(damage.value);
    const MDB_dbi table = (*environment)->layout().*damage.table;
    ASSERT_EQ(mdb_put(txn->get(), table, &key, &value, 0), 0);
    ASSERT_EQ((*environment)->commit(std::move(*txn)), 0);
  }
  EXPECT_TRUE(prepare_store(options()).ok());
  EXPECT_EQ(set_aside_in(directory_).size(), 1U);
  EXPECT_EQ(lines_.count(), 1U) << lines_.all();
}

const std::string kNumbers(24, '\0');

INSTANTIATE_TEST_SUITE_P(
    Entries, DamagedLedger,
    testing::Values(Damage{"OfAnotherVersion", &Layout::watched, 32,
                           "\2" + ('\1' + kNumbers) + "cn=x"},
                    Damage{"WithUnknownFlags", &Layout::watched, 32, "\1\x10" + kNumbers + "cn=x"},
                    Damage{"CutShort", &Layout::watched, 32, "\1\1"},
                    Damage{"WithoutADn", &Layout::watched, 32, "\1\1" + kNumbers},
                    Damage{"UnderAShortKey", &Layout::watched, 31, "\1\1" + kNumbers + "cn=x"},
                    Damage{"NameOfNoUuid", &Layout::watched_names, 32, "uuid"},
                    Damage{"NameUnderAShortKey", &Layout::watched_names, 16, "0123456789abcdef"},
                    Damage{"CookieUnderALongKey", &Layout::watch_cookies, 32, "cookie"}),
    [](const auto& damage) { return damage.param.name; });

TEST_F(LmdbLedger, ADamagedEntryIsAnErrorAndNotAnUnknownOne) {
  {
    LmdbStore store(options());
    ASSERT_TRUE(store.apply(kWatch, entries(1, 2)).ok());
  }
  {
    const Result<std::shared_ptr<Environment>> environment = Environment::open(options());
    Result<TxnHandle> txn = (*environment)->begin_write();
    CursorHandle cursor;
    ASSERT_EQ(open_cursor(txn->get(), (*environment)->layout().watched, cursor), 0);
    MDB_val key{};
    MDB_val value{};
    ASSERT_EQ(mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST), 0);
    value = val_of(std::string_view("cut"));
    ASSERT_EQ(mdb_cursor_put(cursor.get(), &key, &value, MDB_CURRENT), 0);
    cursor.reset();
    ASSERT_EQ((*environment)->commit(std::move(*txn)), 0);
  }
  LmdbStore store(options());
  EXPECT_EQ(store.watched(kWatch, uuid(1)).error().code, ErrorCode::Damaged);
  EXPECT_EQ(store.watched_by_dn(kWatch, "cn=1").error().code, ErrorCode::Damaged);
  EXPECT_EQ(store.list_watched(kWatch, std::nullopt, 10).error().code, ErrorCode::Damaged);
  EXPECT_EQ(store.apply(kWatch, entries(1, 1)).error().code, ErrorCode::Damaged);
  EXPECT_TRUE(store.heal().ok());
  EXPECT_EQ(set_aside_in(directory_).size(), 1U);
  EXPECT_EQ(*store.watched(kWatch, uuid(1)), std::nullopt);
}

}  // namespace
}  // namespace epoch::store
