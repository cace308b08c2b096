// A file that is damaged: a bit, a page, its end, another file in its place. What had ended must
// not come to life, and nobody be let in who never was; how often a process dies of it is counted.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "examination.h"
#include "figures.h"
#include "life.h"
#include "store/store_directory.h"
#include "store_testing.h"

namespace epoch::fault {
namespace {

namespace fs = std::filesystem;
using core::Done;
using core::Result;
using store::kNoon;
using store::LmdbStore;
using store::numbered;
using store::options_for;
using store::ScratchDirectory;

constexpr std::size_t kPage = 4096;

// What each session of the sound store is.
struct Census {
  std::map<core::RecordKey, core::Session> live;
  std::map<core::RecordKey, std::string> over;  // whose: ended, or outgrown by an epoch
};

Census census_of(LmdbStore& store) {
  Census census;
  const Result<core::ListPage> all = store.list(std::nullopt, 100000);
  for (const core::Listed& listed : all->sessions) {
    if (listed.session.end || listed.outgrown) {
      census.over.emplace(listed.key, listed.session.identity.user);
    } else {
      census.live.emplace(listed.key, listed.session);
    }
  }
  return census;
}

// How a look at a damaged store can end; the worst counts.
enum Ending : int {
  kHarmless,  // as it was, or set aside
  kRefused,   // an error, which admits nobody
  kLost,      // a live session is not found, or not live
  kAltered,   // a live session says something else of its person
  kRevived,   // what was over lives
  kCrashed,
  kEndings,
};

constexpr const char* kNames[] = {
    "harmless", "refused", "a live session lost", "a live session altered", "revived", "crashed"};

bool says_the_same(const core::Session& a, const core::Session& b) {
  return a.identity == b.identity && a.zone == b.zone && a.proof == b.proof &&
         a.verifier == b.verifier && a.unprompted == b.unprompted && a.space == b.space;
}

Ending look_for(LmdbStore& store, const Census& census) {
  int worst = kHarmless;
  const auto note = [&](Ending ending) { worst = std::max<int>(worst, ending); };
  for (const auto& [key, user] : census.over) {
    const Result<core::Look> look = store.find(key);
    if (!look) {
      note(kRefused);
    } else if (look->found && look->found->record.session && !look->found->record.session->end &&
               !look->found->outgrown) {
      note(kRevived);
    }
  }
  for (const auto& [key, session] : census.live) {
    const Result<core::Look> look = store.find(key);
    if (!look) {
      note(kRefused);
    } else if (!look->found || !look->found->record.session || look->found->outgrown ||
               look->found->record.session->end) {
      note(kLost);
    } else if (!says_the_same(*look->found->record.session, session)) {
      note(kAltered);
    }
  }
  return static_cast<Ending>(worst);
}

// When it is looked at: by httpd's parent at its start, by a child that goes on with the store it
// has open, by one that looks after the store once an hour.
enum class When { Start, Use, Upkeep };
constexpr When kMoments[] = {When::Start, When::Use, When::Upkeep};
constexpr const char* kMomentNames[] = {"at the start", "in use", "after an hour"};

// In a process of its own, which may die.
Ending examine(const ScratchDirectory& directory, const Census& census, When when) {
  const pid_t child = ::fork();
  if (child == 0) {
    const store::LogLines lines;
    const store::StoreOptions options = options_for(directory, lines);
    if (when == When::Start && !store::prepare_store(options)) ::_exit(kRefused);
    if (!set_aside_in(directory).empty()) ::_exit(kHarmless);
    LmdbStore store(options);
    if (when == When::Upkeep && !store.heal(1)) ::_exit(kRefused);
    const Ending ending = look_for(store, census);
    ::_exit(set_aside_in(directory).empty() ? ending : kHarmless);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? static_cast<Ending>(WEXITSTATUS(status)) : kCrashed;
}

class Damage : public testing::Test {
 protected:
  Damage() {
    const ScratchDirectory directory;
    {
      LmdbStore store(options_for(directory));
      for (const Step& step : childhood()) EXPECT_TRUE(step.run(store).ok()) << step.name;
      older_ = store::file_content(directory.path() + "/data.mdb");
      for (const Step& step : life(1)) EXPECT_TRUE(step.run(store).ok()) << step.name;
      census_ = census_of(store);
    }
    sound_ = store::file_content(directory.path() + "/data.mdb");
    EXPECT_FALSE(census_.live.empty());
    EXPECT_FALSE(census_.over.empty());
  }

  Ending ending_of(const std::string& file, When when) {
    const ScratchDirectory directory;
    std::ofstream(directory.path() + "/data.mdb", std::ios::binary) << file;
    ::chmod((directory.path() + "/data.mdb").c_str(), 0600);
    return examine(directory, census_, when);
  }

  void count(const std::string& what, const std::string& file) {
    for (const When when : kMoments) ++counts_[when][what][ending_of(file, when)];
  }

  void tell() {
    for (const auto& [when, kinds] : counts_) {
      const std::string moment = kMomentNames[static_cast<int>(when)];
      for (const auto& [what, endings] : kinds) {
        for (const auto& [ending, times] : endings) {
          record("damage " + moment + ", " + what + ": " + kNames[ending], times);
        }
      }
    }
  }

  void expect_no_harm(When when) {
    for (auto& [what, endings] : counts_[when]) {
      for (const Ending ending : {kCrashed, kRevived, kAltered}) {
        EXPECT_EQ(endings[ending], 0U) << what << ": " << kNames[ending];
      }
    }
  }

  std::string sound_;
  std::string older_;
  Census census_;
  std::map<When, std::map<std::string, std::map<int, std::size_t>>> counts_;
  std::mt19937_64 lot_{1};
};

TEST_F(Damage, OfBits) {
  for (std::size_t page = 0; page * kPage < sound_.size(); ++page) {
    for (std::size_t i = 0; i < 4 * scale(); ++i) {
      std::string file = sound_;
      file[page * kPage + lot_() % kPage] ^= static_cast<char>(1U << (lot_() % 8));
      count("a bit", file);
    }
  }
  tell();
  // In use, a branch may come to point to a page of before; reading all through finds that.
  expect_no_harm(When::Start);
  expect_no_harm(When::Upkeep);
  EXPECT_EQ(counts_[When::Use]["a bit"][kAltered], 0U);
}

// Of each record, wherever a copy of it stands. Keys stand in branches, too, but no users.
TEST_F(Damage, OfRecords) {
  std::size_t flipped = 0;
  std::size_t refused = 0;
  const auto flip_in = [&](const core::RecordKey& key, const std::string& user) {
    const std::string_view name = core::text_of(key.value);
    for (std::size_t i = 0; i < 4 * scale(); ++i) {
      const std::size_t byte = name.size() + lot_() % 100;
      const auto bit = static_cast<char>(1U << (lot_() % 8));
      std::string file = sound_;
      for (std::size_t at = 0; (at = file.find(name, at)) != std::string::npos; ++at) {
        if (sound_.find(user, at) > at + 128) continue;
        file[at + byte] = static_cast<char>(file[at + byte] ^ bit);
      }
      ++flipped;
      const Ending ending = ending_of(file, When::Use);
      EXPECT_TRUE(ending == kRefused || ending == kHarmless) << kNames[ending];
      if (ending == kRefused) ++refused;
    }
  };
  for (const auto& [key, user] : census_.over) flip_in(key, user);
  for (const auto& [key, session] : census_.live) flip_in(key, session.identity.user);
  record("damage of records in use: bits flipped", flipped);
  record("damage of records in use: refused", refused);
  EXPECT_GT(refused, flipped / 2);
}

TEST_F(Damage, OfPages) {
  const std::size_t pages = sound_.size() / kPage;
  for (std::size_t page = 0; page < pages; ++page) {
    std::string zeroed = sound_;
    zeroed.replace(page * kPage, kPage, std::string(kPage, '\0'));
    count("a page of zeros", zeroed);
    for (std::size_t i = 0; i < scale(); ++i) {
      const std::size_t other = lot_() % pages;
      std::string swapped = sound_;
      swapped.replace(page * kPage, kPage, sound_, other * kPage, kPage);
      swapped.replace(other * kPage, kPage, sound_, page * kPage, kPage);
      count("two pages swapped", swapped);
      if ((page + 1) * kPage <= older_.size()) {
        std::string stale = sound_;
        stale.replace(page * kPage, kPage, older_, page * kPage, kPage);
        count("an older page", stale);
      }
    }
  }
  tell();
  expect_no_harm(When::Start);
  expect_no_harm(When::Upkeep);
}

TEST_F(Damage, OfTheEnd) {
  for (std::size_t size = 0; size < sound_.size(); size += kPage / 2) {
    if (size > 0) count("cut short", sound_.substr(0, size));
  }
  tell();
  expect_no_harm(When::Start);
  expect_no_harm(When::Upkeep);
}

// A copy from before is as good as the original: only who has put it there knows. The
// documentation says what that does.
TEST_F(Damage, AnotherFileInItsPlace) {
  count("an older copy", older_);
  std::string garbage(sound_.size(), '\0');
  for (char& c : garbage) c = static_cast<char>(lot_());
  count("garbage", garbage);
  count("text", "This is no store.\n");
  const ScratchDirectory directory;
  store::EnvHandle env;
  store::create_env(env);
  mdb_env_set_maxdbs(env.get(), 4);
  ASSERT_EQ(mdb_env_open(env.get(), directory.path().c_str(), 0, 0600), 0);
  store::TxnHandle txn;
  store::begin_txn(env.get(), 0, txn);
  MDB_dbi table = 0;
  mdb_dbi_open(txn.get(), "somebody else's", MDB_CREATE, &table);
  store::commit_txn(std::move(txn));
  env.reset();
  count("another program's LMDB", store::file_content(directory.path() + "/data.mdb"));
  tell();
  for (const std::string what : {"garbage", "text", "another program's LMDB"}) {
    for (const When when : kMoments) EXPECT_EQ(counts_[when][what][kHarmless], 1U) << what;
  }
}

}  // namespace
}  // namespace epoch::fault
