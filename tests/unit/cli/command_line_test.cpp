// Whole command lines, on a store and on a key file in a directory.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli_testing.h"
#include "core/keys.h"
#include "store/lmdb_store.h"
#include "store/store_testing.h"

namespace epoch::cli {
namespace {

using nlohmann::json;

class CommandLine : public testing::Test {
 protected:
  // Fills the store. A process has it open once at a time: not while epochctl runs.
  std::vector<core::RecordKey> open_sessions(const std::vector<std::string>& users) {
    store::LmdbStore store(store::options_for(directory_));
    const auto now = std::chrono::time_point_cast<core::Seconds>(std::chrono::system_clock::now());
    std::vector<core::RecordKey> keys;
    for (const std::string& user : users) {
      keys.push_back(store::open_new(store, ++number_, user, "zone", now).key);
    }
    return keys;
  }

  Ran on_store(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--store", directory_.path()});
    return run_epochctl(arguments);
  }

  std::string key_file() const { return directory_.path() + "/keys"; }

  const store::ScratchDirectory directory_;
  std::uint64_t number_ = 0;
};

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(CommandLine, WhatMakesNoSenseIsRefusedBeforeAnythingIsDone) {
  const std::vector<core::RecordKey> keys = open_sessions({"alice"});
  const std::string id = id_of(keys[0]);
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"ends"},
      {"end"},
      {"end", "--everybody"},
      {"end", id, "--user", "alice"},
      {"end", id, "--all"},
      {"end", "--all", "--zone", "zone"},
      {"end", id, "--except", id},
      {"end", "--except", id},
      {"show"},
      {"keys"},
      {"keys", "rotate", "--keep", "1"},
      {"keys", "rotate", "--keep", "few"},
  };
  for (const std::vector<std::string>& line : lines) {
    const Ran ran = on_store(line);
    EXPECT_EQ(ran.status, kExitUsage) << testing::PrintToString(line);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find("see epochctl --help"), std::string::npos) << ran.err;
  }
  EXPECT_EQ(json::parse(on_store({"stats", "--json"}).out)["live"], 1);
}

TEST_F(CommandLine, HelpIsNoMistake) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"--help"}, {"end", "--help"}, {"keys", "rotate", "--help"}}) {
    const Ran ran = run_epochctl(line);
    EXPECT_EQ(ran.status, kExitDone);
    EXPECT_NE(ran.out.find("--help"), std::string::npos) << ran.out;
  }
}

TEST_F(CommandLine, ListTakesUsersAndZonesAndShowsEndedOnesWhenAsked) {
  const std::vector<core::RecordKey> keys = open_sessions({"alice", "bob", "bob"});
  ASSERT_EQ(on_store({"end", id_of(keys[1])}).status, kExitDone);
  const auto lines = [&](const std::vector<std::string>& arguments) {
    const std::string out = on_store(arguments).out;
    return std::count(out.begin(), out.end(), '\n');
  };
  EXPECT_EQ(lines({"list", "--json"}), 2);
  EXPECT_EQ(lines({"list", "--json", "--all"}), 3);
  EXPECT_EQ(lines({"list", "--json", "--user", "bob"}), 1);
  EXPECT_EQ(lines({"list", "--json", "--user", "bob", "--all", "--zone", "zone"}), 2);
  EXPECT_EQ(lines({"list", "--json", "--zone", "elsewhere"}), 0);
  EXPECT_EQ(lines({"list", "--all"}), 4);
}

TEST_F(CommandLine, ShowTellsEverythingButWhatOpensTheSession) {
  const std::vector<core::RecordKey> keys = open_sessions({"alice"});
  const Ran text = on_store({"show", id_of(keys[0])});
  EXPECT_EQ(text.status, kExitDone);
  EXPECT_NE(text.out.find("User:         alice\n"), std::string::npos) << text.out;
  const json session = json::parse(on_store({"show", "--json", core::short_id(keys[0])}).out);
  EXPECT_EQ(session["session"], id_of(keys[0]));
  EXPECT_EQ(session["state"], "live");
  EXPECT_EQ(session["user"], "alice");
  for (const char* secret : {"proof", "verifier", "id", "cookie"}) {
    EXPECT_FALSE(session.contains(secret)) << secret;
  }
  EXPECT_EQ(on_store({"show", "00000000"}).status, kExitNotFound);
}

TEST_F(CommandLine, StatsCountByZoneAndReason) {
  const std::vector<core::RecordKey> keys = open_sessions({"alice", "alice", "bob"});
  ASSERT_EQ(on_store({"end", "--user", "bob"}).status, kExitDone);
  const json stats = json::parse(on_store({"stats", "--json"}).out);
  EXPECT_EQ(stats["live"], 2);
  EXPECT_EQ(stats["users"], 1);
  EXPECT_EQ(stats["ended_by_reason"], json({{"ended-by-administrator", 1}}));
  EXPECT_EQ(stats["zones"],
            json::array({{{"zone", "zone"}, {"live", 2}, {"users", 1}, {"ended", 1}}}));
  EXPECT_GT(stats["bytes"], 0);
  EXPECT_NE(on_store({"stats"}).out.find("ended, ended-by-administrator: 1\n"), std::string::npos);
}

TEST_F(CommandLine, PurgeRemovesWhatEndedLongAgo) {
  {
    store::LmdbStore store(store::options_for(directory_));
    store::open_new(store, 100, "alice", "zone", core::TimePoint(core::Seconds(1'000'000'000)));
  }
  open_sessions({"bob"});
  EXPECT_EQ(on_store({"purge"}).out, "Removed 2 records\n") << "the session and its root";
  EXPECT_EQ(on_store({"purge", "--json"}).out, "{\"removed\":0}\n");
  EXPECT_EQ(json::parse(on_store({"stats", "--json"}).out)["live"], 1);
}

TEST_F(CommandLine, CheckTellsASoundStoreFromADamagedOneAndTouchesNeither) {
  open_sessions({"alice"});
  EXPECT_EQ(on_store({"check"}).out, directory_.path() + "/data.mdb is sound\n");
  EXPECT_EQ(on_store({"check", "--json"}).out, "{\"sound\":true}\n");

  const std::string path = directory_.path() + "/data.mdb";
  const std::string garbage(8192, 'x');
  std::ofstream(path, std::ios::trunc) << garbage;
  const Ran ran = on_store({"check", "--json"});
  EXPECT_EQ(ran.status, kExitDamaged);
  EXPECT_FALSE(json::parse(ran.out)["sound"]);
  EXPECT_NE(ran.err.find(path + " is not a store"), std::string::npos) << ran.err;
  EXPECT_EQ(content_of(path), garbage);
}

TEST_F(CommandLine, WhereThereIsNoStoreNoneIsBegun) {
  for (const char* command : {"list", "stats", "purge", "check"}) {
    const Ran ran = on_store({command});
    EXPECT_EQ(ran.status, kExitFailed) << command;
    EXPECT_EQ(ran.err.find("epochctl: there is no store in " + directory_.path()), 0U) << ran.err;
  }
  EXPECT_EQ(content_of(directory_.path() + "/data.mdb"), "");
}

TEST_F(CommandLine, ARotatedKeyFileKeepsItsModeAndItsOldKeys) {
  const std::string old = "1000000000 q2NmfW0eZ9b4PCkYhSg8vJ3nHaxT1o7uQd5LrEiWc0A\n";
  std::ofstream(key_file()) << old;
  ASSERT_EQ(chmod(key_file().c_str(), 0400), 0);
  const Ran ran = run_epochctl({"keys", "rotate", "--file", key_file()});
  EXPECT_EQ(ran.status, kExitDone) << ran.err;
  EXPECT_NE(ran.out.find("apachectl graceful"), std::string::npos) << ran.out;

  const std::string text = content_of(key_file());
  EXPECT_NE(text.find(old), std::string::npos);
  const core::Result<core::KeyRing> keys = core::KeyRing::parse(text);
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->size(), 2U);
  struct stat status {};
  ASSERT_EQ(stat(key_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0400U);

  const Ran listed = run_epochctl({"keys", "list", "--json", "--file", key_file()});
  const json list = json::parse(listed.out)["keys"];
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["made"], "2001-09-09T01:46:40Z");
  EXPECT_FALSE(list[0]["signs"]);
  EXPECT_TRUE(list[1]["signs"]);
  EXPECT_EQ(listed.out.find("q2NmfW0e"), std::string::npos) << "a key is never shown";
}

TEST_F(CommandLine, ANewKeySignsAlsoWhenTheClockWasSetBack) {
  const std::string from_the_future = "4000000000 q2NmfW0eZ9b4PCkYhSg8vJ3nHaxT1o7uQd5LrEiWc0A\n";
  std::ofstream(key_file()) << from_the_future;
  ASSERT_EQ(chmod(key_file().c_str(), 0600), 0);
  ASSERT_EQ(run_epochctl({"keys", "rotate", "--file", key_file()}).status, kExitDone);
  const core::Result<core::KeyRing> keys = core::KeyRing::parse(content_of(key_file()));
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->newest().created(), core::TimePoint(core::Seconds(4000000001)));
}

TEST_F(CommandLine, KeepLimitsTheNumberOfKeys) {
  std::ofstream(key_file()) << "1000000000 q2NmfW0eZ9b4PCkYhSg8vJ3nHaxT1o7uQd5LrEiWc0A\n";
  ASSERT_EQ(chmod(key_file().c_str(), 0600), 0);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(run_epochctl({"keys", "rotate", "--keep", "2", "--file", key_file()}).status,
              kExitDone);
  }
  const core::Result<core::KeyRing> keys = core::KeyRing::parse(content_of(key_file()));
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->size(), 2U);
  EXPECT_EQ(content_of(key_file()).find("q2NmfW0e"), std::string::npos);
}

TEST_F(CommandLine, AKeyFileThatHttpdWouldRefuseIsLeftAsItIs) {
  const std::string open_to_all = "1000000000 q2NmfW0eZ9b4PCkYhSg8vJ3nHaxT1o7uQd5LrEiWc0A\n";
  std::ofstream(key_file()) << open_to_all;
  ASSERT_EQ(chmod(key_file().c_str(), 0644), 0);
  const Ran ran = run_epochctl({"keys", "rotate", "--file", key_file()});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_NE(ran.err.find("may be read by others"), std::string::npos) << ran.err;
  EXPECT_EQ(content_of(key_file()), open_to_all);
  EXPECT_EQ(run_epochctl({"keys", "list", "--file", key_file() + ".none"}).status, kExitFailed);
}

}  // namespace
}  // namespace epoch::cli
