// Damaged, foreign, full, read-only: each with its defined outcome, and none admits.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "store/lmdb_handles.h"
#include "store/lmdb_store.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

namespace fs = std::filesystem;

using core::EndReason;
using core::ErrorCode;
using core::Opening;
using core::Result;

// Each damage is met by prepare_store() and by a child that opens without it.
enum class Opener { Prepare, Child };

class DamagedStore : public testing::TestWithParam<Opener> {
 protected:
  DamagedStore() {
    LmdbStore store(options());
    for (std::uint64_t i = 0; i < 200; ++i) numbers_.push_back(open_new(store, i).key);
    instance_ = *store.instance();
  }

  [[nodiscard]] StoreOptions options() const { return options_for(directory_, lines_); }
  [[nodiscard]] fs::path data() const { return directory_.path() + "/data.mdb"; }

  void open_again() const {
    if (GetParam() == Opener::Prepare) {
      const Result<core::Done> prepared = prepare_store(options());
      EXPECT_TRUE(prepared.ok()) << (prepared ? "" : prepared.error().detail);
    }
  }

  // Set aside under this name, said so, and a new store is in its place.
  void expect_set_aside(const std::string& name) {
    open_again();
    LmdbStore store(options());
    const Result<core::Hash256> instance = store.instance();
    ASSERT_TRUE(instance.ok()) << instance.error().detail;
    EXPECT_NE(*instance, instance_);
    EXPECT_TRUE(store.list(std::nullopt, 10)->sessions.empty());
    open_new(store, 1);
    const std::vector<std::string> aside = set_aside_in(directory_);
    ASSERT_EQ(aside.size(), 1U);
    EXPECT_TRUE(aside[0].starts_with(name)) << aside[0];
    EXPECT_EQ(lines_.count(), 1U) << lines_.all();
    EXPECT_NE(lines_.all().find("set aside as"), std::string::npos) << lines_.all();
    EXPECT_NE(lines_.all().find("everybody logs in again"), std::string::npos);
  }

  ScratchDirectory directory_;
  LogLines lines_;
  std::vector<core::RecordKey> numbers_;
  core::Hash256 instance_{};
};

TEST_P(DamagedStore, AnUndamagedOneIsNotSetAside) {
  open_again();
  LmdbStore store(options());
  EXPECT_EQ(*store.instance(), instance_);
  EXPECT_TRUE(lives(store, numbers_[0]));
  EXPECT_TRUE(set_aside_in(directory_).empty());
  EXPECT_EQ(lines_.all(), "");
}

TEST_P(DamagedStore, ATruncatedFileIsSetAside) {
  fs::resize_file(data(), fs::file_size(data()) / 2);
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, AFileCutWithinItsFirstPageIsSetAside) {
  fs::resize_file(data(), 100);
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, AFileOfSomethingElseIsSetAside) {
  std::ofstream(data(), std::ios::trunc) << std::string(20000, 'x');
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, AFileFullOfZerosIsSetAside) {
  const auto size = fs::file_size(data());
  fs::resize_file(data(), 0);
  fs::resize_file(data(), size);
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, ABitFlippedInTheFirstMagicNumberIsFound) {
  overwrite(data(), 16, "\xDF");
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, ABitFlippedInTheSecondMagicNumberIsFound) {
  overwrite(data(), 4096 + 16, "\xDF");
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, AHeaderThatPointsFarBeyondTheEndIsFound) {
  overwrite(data(), 136 + 7, "\x40");
  overwrite(data(), 4096 + 136 + 7, "\x40");
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, AnotherVersionOfLmdbIsSetAsideUnderItsNumber) {
  overwrite(data(), 20, std::string_view("\2\0\0\0", 4));
  overwrite(data(), 4096 + 20, std::string_view("\2\0\0\0", 4));
  expect_set_aside("data.mdb.version-lmdb2-");
}

// Writes into the meta table with LMDB alone.
void put_meta(const ScratchDirectory& directory, const std::string& key,
              std::optional<std::string> value) {
  EnvHandle env;
  ASSERT_EQ(create_env(env), 0);
  mdb_env_set_maxdbs(env.get(), 4);
  ASSERT_EQ(mdb_env_open(env.get(), directory.path().c_str(), 0, 0600), 0);
  TxnHandle txn;
  ASSERT_EQ(begin_txn(env.get(), 0, txn), 0);
  MDB_dbi meta = 0;
  ASSERT_EQ(mdb_dbi_open(txn.get(), "meta", 0, &meta), 0);
  MDB_val name = val_of(key);
  if (value) {
    MDB_val content = val_of(*value);
    ASSERT_EQ(mdb_put(txn.get(), meta, &name, &content, 0), 0);
  } else {
    ASSERT_EQ(mdb_del(txn.get(), meta, &name, nullptr), 0);
  }
  ASSERT_EQ(commit_txn(std::move(txn)), 0);
}

TEST_P(DamagedStore, AnotherFormatVersionIsSetAsideUnderItsNumber) {
  put_meta(directory_, "format", std::string("\x63\0\0\0", 4));
  expect_set_aside("data.mdb.version-99-");
}

TEST_P(DamagedStore, AMissingFormatVersionIsDamage) {
  put_meta(directory_, "format", std::nullopt);
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, AnInstanceOfTheWrongLengthIsDamage) {
  put_meta(directory_, "instance", "short");
  expect_set_aside("data.mdb.damaged-");
}

TEST_P(DamagedStore, AnLmdbFileOfAnotherProgramIsSetAside) {
  fs::remove(data());
  fs::remove(directory_.path() + "/lock.mdb");
  {
    EnvHandle env;
    ASSERT_EQ(create_env(env), 0);
    ASSERT_EQ(mdb_env_open(env.get(), directory_.path().c_str(), 0, 0600), 0);
    TxnHandle txn;
    ASSERT_EQ(begin_txn(env.get(), 0, txn), 0);
    MDB_val key = val_of(std::string_view("key"));
    MDB_val value = val_of(std::string_view("value"));
    ASSERT_EQ(mdb_put(txn.get(), 1, &key, &value, 0), 0);
    ASSERT_EQ(commit_txn(std::move(txn)), 0);
  }
  expect_set_aside("data.mdb.damaged-");
}

INSTANTIATE_TEST_SUITE_P(Openers, DamagedStore, testing::Values(Opener::Prepare, Opener::Child),
                         [](const testing::TestParamInfo<Opener>& opener) {
                           return opener.param == Opener::Prepare ? "AtStartUp" : "InAChild";
                         });

class LmdbTrouble : public testing::Test {
 protected:
  [[nodiscard]] StoreOptions options() const { return options_for(directory_, lines_); }
  [[nodiscard]] fs::path data() const { return directory_.path() + "/data.mdb"; }

  ScratchDirectory directory_;
  LogLines lines_;
};

TEST_F(LmdbTrouble, ADamagedRecordAdmitsNobodyAndIsFoundAtTheNextStart) {
  {
    LmdbStore store(options());
    const Opening spoilt = open_new(store, 1, "mallory-of-the-test");
    const Opening sound = open_new(store, 2);
    spoil(data(), "mallory-of-the-test");
    const Result<core::Look> look = store.find(spoilt.key);
    ASSERT_FALSE(look.ok());
    EXPECT_EQ(look.error().code, ErrorCode::Damaged);
    EXPECT_NE(look.error().detail.find(directory_.path()), std::string::npos);
    EXPECT_EQ(store.open(spoilt).error().code, ErrorCode::Damaged);
    EXPECT_EQ(store.end(spoilt.key, EndReason::LoggedOut, kNoon).error().code, ErrorCode::Damaged);
    EXPECT_EQ(store.list(std::nullopt, 10).error().code, ErrorCode::Damaged);
    EXPECT_TRUE(lives(store, sound.key));
  }
  EXPECT_EQ(lines_.all(), "");
  EXPECT_TRUE(prepare_store(options()).ok());
  EXPECT_EQ(set_aside_in(directory_).size(), 1U);
}

TEST_F(LmdbTrouble, HealSetsADamagedStoreAsideForAllProcesses) {
  Process other([&](const Process::Talk& test) {
    LmdbStore store(options_for(directory_));
    const Opening opening = open_new(store, 1, "mallory-of-the-test");
    const core::Hash256 before = *store.instance();
    test.say("opened");
    test.hear();
    const Result<core::Look> look = store.find(opening.key);
    return look.ok() && !look->found && *store.instance() != before;
  });
  LmdbStore store(options());
  EXPECT_EQ(other.talk().hear(), "opened");
  spoil(data(), "mallory-of-the-test");
  const core::RecordKey key = core::record_key_of(numbered(1));
  EXPECT_TRUE(store.heal().ok());
  EXPECT_TRUE(set_aside_in(directory_).empty()) << "nobody has met the damage yet";
  EXPECT_EQ(store.find(key).error().code, ErrorCode::Damaged);
  EXPECT_TRUE(store.heal().ok());
  EXPECT_EQ(set_aside_in(directory_).size(), 1U);
  EXPECT_EQ(lines_.count(), 1U) << lines_.all();
  EXPECT_FALSE(store.find(key)->found);
  open_new(store, 5);
  other.talk().say("healed");
  EXPECT_TRUE(other.succeeds());
}

TEST_F(LmdbTrouble, HealReadsThroughNowAndThenWhatNobodyHasMet) {
  LmdbStore store(options());
  open_new(store, 1, "mallory-of-the-test");
  EXPECT_TRUE(store.heal(/*calls_a_reading=*/3).ok());
  spoil(data(), "mallory-of-the-test");
  EXPECT_TRUE(LmdbStore(options()).heal(3).ok());
  EXPECT_TRUE(set_aside_in(directory_).empty());
  EXPECT_TRUE(store.heal(3).ok()) << "the calls of all count";
  EXPECT_EQ(set_aside_in(directory_).size(), 1U);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(store.heal(3).ok());
  EXPECT_EQ(set_aside_in(directory_).size(), 1U) << "the new one is sound";
}

TEST_F(LmdbTrouble, HealFindsAStoreSoundThatOthersAreWritingTo) {
  LmdbStore store(options());
  Process writer([&](const Process::Talk& test) {
    LmdbStore mine(options_for(directory_));
    test.say("begun");
    for (std::uint64_t number = 1; number <= 3000; ++number) open_new(mine, number);
    return true;
  });
  EXPECT_EQ(writer.talk().hear(), "begun");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(store.heal(/*calls_a_reading=*/1).ok());
  EXPECT_TRUE(writer.succeeds());
  EXPECT_TRUE(store.heal(1).ok());
  EXPECT_TRUE(set_aside_in(directory_).empty());
  EXPECT_EQ(lines_.all(), "");
  EXPECT_TRUE(lives(store, core::record_key_of(numbered(3000))));
}

TEST_F(LmdbTrouble, HealLeavesAStoreAloneThatReadsWellAfterAll) {
  LmdbStore store(options());
  const Opening opening = open_new(store, 1, "mallory-of-the-test");
  const std::string sound = file_content(data());
  spoil(data(), "mallory-of-the-test");
  EXPECT_EQ(store.find(opening.key).error().code, ErrorCode::Damaged);
  overwrite(data(), 0, sound);
  EXPECT_TRUE(store.heal().ok());
  EXPECT_TRUE(lives(store, opening.key));
  EXPECT_TRUE(set_aside_in(directory_).empty());
}

TEST_F(LmdbTrouble, AMomentOfTheStoreThatWasSetAsideIsAConflictInTheNewOne) {
  LmdbStore store(options());
  const Opening spoilt = open_new(store, 1, "mallory-of-the-test");
  const Opening under_way = login(2, new_client(2), *store.moment());
  spoil(data(), "mallory-of-the-test");
  EXPECT_FALSE(store.find(spoilt.key).ok());
  EXPECT_TRUE(store.heal().ok());
  EXPECT_EQ(store.open(under_way)->outcome, core::OpenOutcome::Conflict);
}

TEST_F(LmdbTrouble, AStoreTakenAwayWhileInUseIsBegunAnewAndSaidSo) {
  LmdbStore store(options());
  const Opening opening = open_new(store, 1);
  fs::remove_all(directory_.path());
  fs::create_directory(directory_.path());
  fs::permissions(directory_.path(), fs::perms::owner_all);
  const Result<bool> ended = store.end(opening.key, EndReason::LoggedOut, kNoon);
  ASSERT_TRUE(ended.ok()) << ended.error().detail;
  EXPECT_FALSE(*ended);
  EXPECT_FALSE(lives(store, opening.key));
  EXPECT_NE(lines_.all().find("was removed while it was in use"), std::string::npos);
  EXPECT_TRUE(fs::exists(data()));
}

TEST_F(LmdbTrouble, AReaderDoesNotGoOnWithAStoreThatOthersHaveReplaced) {
  LmdbStore reader(options());
  const Opening opening = open_new(reader, 1);
  ASSERT_TRUE(lives(reader, opening.key));
  fs::remove_all(directory_.path());
  fs::create_directory(directory_.path());
  fs::permissions(directory_.path(), fs::perms::owner_all);
  reader.notice_removal();
  EXPECT_FALSE(lives(reader, opening.key));
}

TEST_F(LmdbTrouble, AFullStoreRefusesLoginsButNotLogoutsAndHealsAfterAPurge) {
  StoreOptions small = options();
  small.map_bytes = std::size_t{1} << 20U;
  LmdbStore store(small);
  std::vector<Opening> opened;
  for (std::uint64_t i = 0;; ++i) {
    ASSERT_LT(i, 10000U) << "a store of 1 MiB cannot hold so many";
    const Opening opening = login(i, new_client(i), *store.moment());
    const Result<core::Opened> answer = store.open(opening);
    if (!answer) {
      EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
      EXPECT_NE(answer.error().detail.find("full"), std::string::npos) << answer.error().detail;
      EXPECT_FALSE(store.find(opening.key)->found);
      break;
    }
    opened.push_back(opening);
  }
  ASSERT_GT(opened.size(), 100U);

  EXPECT_EQ(store.open(opened[0])->outcome, core::OpenOutcome::Joined);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Result<std::uint64_t> swept = store.sweep({.reach = core::Reach::UserInZone,
                                                     .zone = "zone",
                                                     .subject = "user " + std::to_string(i),
                                                     .except = std::nullopt},
                                                    kNoon);
    ASSERT_TRUE(swept.ok()) << swept.error().detail;
  }
  for (const Opening& opening : opened) {
    const Result<core::Closed> closed = store.close(
        {.root = opening.root, .reason = EndReason::LoggedOut, .at = kNoon, .sweep = std::nullopt});
    ASSERT_TRUE(closed.ok()) << closed.error().detail;
    ASSERT_EQ(closed->ended.size(), 1U);
  }
  const Result<core::Purged> purged = store.purge(std::nullopt, 100000, kNoon + core::kRemembered);
  ASSERT_TRUE(purged.ok()) << purged.error().detail;
  EXPECT_EQ(purged->removed, 2 * opened.size());
  for (std::uint64_t i = 0; i < 100; ++i) open_new(store, 500000 + i);
}

TEST_F(LmdbTrouble, ALogoutGetsToTheEndOfAChainThatBitesItsTail) {
  {
    const Result<std::shared_ptr<Environment>> environment = Environment::open(options());
    Result<TxnHandle> txn = (*environment)->begin_write();
    Tables tables(**environment, txn->get());
    for (std::uint64_t i = 0; i < 3; ++i) {
      core::Record record;
      record.session = login(i, new_client(i), {}).session;
      record.succession.successor = numbered((i + 1) % 3);
      ASSERT_TRUE(tables.put(core::record_key_of(numbered(i)), record).ok());
    }
    ASSERT_EQ((*environment)->commit(std::move(*txn)), 0);
  }
  LmdbStore store(options());
  const Result<core::Closed> closed = store.close(
      {.root = numbered(1), .reason = EndReason::LoggedOut, .at = kNoon, .sweep = std::nullopt});
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(closed->ended.size(), 3U);
  EXPECT_EQ(closed->next, (core::Lineage{.root = numbered(0), .generation = 1}));
}

// A page of noise can make LMDB end the process that reads it: not this one. Afterwards there is a
// store that answers, the old one or a new one.
TEST_F(LmdbTrouble, APageOfNoiseAnywhereEndsNoProcessAtStartUp) {
  {
    LmdbStore store(options());
    for (std::uint64_t i = 0; i < 150; ++i) {
      const Opening opening = open_new(store, i, "user " + std::to_string(i));
      EXPECT_TRUE(store.end(opening.key, EndReason::LoggedOut, kNoon).ok());
    }
    const Result<std::uint64_t> swept = store.sweep(
        {.reach = core::Reach::Everything, .zone = {}, .subject = {}, .except = std::nullopt},
        kNoon);
    EXPECT_TRUE(swept.ok());
    core::WatchChanges changes;
    for (std::uint8_t i = 0; i < 150; ++i) {
      changes.put.push_back({.uuid = {i}, .dn = "cn=" + std::to_string(i), .state = {}});
    }
    changes.cookie = "here";
    EXPECT_TRUE(store.apply(numbered(1), changes).ok());
  }
  const std::string sound = file_content(data());
  constexpr std::size_t kPage = 4096;
  std::mt19937 random(1);
  int damaged = 0;
  for (std::size_t page = 0; page < sound.size() / kPage; ++page) {
    std::string noise(kPage, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    std::ofstream(data(), std::ios::binary | std::ios::trunc) << sound;
    overwrite(data(), page * kPage, noise);
    EXPECT_TRUE(prepare_store(options()).ok()) << "page " << page;
    Process child([&](const Process::Talk&) {
      LmdbStore store(options());
      open_new(store, 1000);
      return store.list(std::nullopt, 1000).ok() && store.watch_cookie(numbered(1)).ok() &&
             store.list_watched(numbered(1), std::nullopt, 1000).ok();
    });
    EXPECT_TRUE(child.succeeds()) << "page " << page;
    const std::vector<std::string> aside = set_aside_in(directory_);
    damaged += aside.empty() ? 0 : 1;
    for (const std::string& name : aside) fs::remove(directory_.path() + "/" + name);
    fs::remove(directory_.path() + "/lock.mdb");
  }
  EXPECT_GT(damaged, 5);
  EXPECT_EQ(lines_.count(), static_cast<std::size_t>(damaged));
}

TEST_F(LmdbTrouble, AFullDiskRefusesAndHealsByItself) {
  LmdbStore store(options());
  const Opening before = open_new(store, 1);
  const Opening opening = login(2, new_client(2), *store.moment());
  {
    const FullDisk full;
    const Result<core::Opened> opened = store.open(opening);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::Unavailable);
    EXPECT_NE(opened.error().detail.find("ulimit -f"), std::string::npos);
    EXPECT_FALSE(store.end(before.key, EndReason::LoggedOut, kNoon).ok());
  }
  EXPECT_TRUE(lives(store, before.key));
  EXPECT_EQ(store.open(opening)->outcome, core::OpenOutcome::Opened);
}

TEST_F(LmdbTrouble, AStoreThatCannotBeOpenedAnswersUnavailableAndHealsWithoutARestart) {
  std::chrono::steady_clock::time_point now{};
  StoreOptions there_later = options();
  there_later.directory = directory_.path() + "/above/store";
  there_later.clock = [&now] { return now; };
  LmdbStore store(there_later);
  EXPECT_EQ(store.instance().error().code, ErrorCode::Unavailable);
  EXPECT_NE(store.moment().error().detail.find("does not exist"), std::string::npos);
  EXPECT_EQ(lines_.count(), 1U) << lines_.all();

  fs::create_directory(directory_.path() + "/above");
  EXPECT_FALSE(store.moment().ok()) << "at most one attempt a second";
  now += std::chrono::seconds(1);
  open_new(store, 1);
  EXPECT_EQ(lines_.count(), 2U) << lines_.all();
  EXPECT_NE(lines_.all().find("is open again"), std::string::npos);
}

}  // namespace
}  // namespace epoch::store
