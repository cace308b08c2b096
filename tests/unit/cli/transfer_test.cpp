#include "cli/transfer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli_testing.h"
#include "store/store_testing.h"

namespace epoch::cli {
namespace {

using core::EndReason;
using core::Opening;
using store::kNoon;
using store::lives;
using store::LmdbStore;
using store::open_new;

class Transfer : public testing::Test {
 protected:
  std::string exported() {
    Written written;
    EXPECT_EQ(export_store(from_, written.console), kExitDone);
    return written.out.str();
  }

  Ran import(const std::string& text) {
    Written written;
    std::istringstream lines(text);
    const int status = import_store(to_, written.console, lines, false);
    return {.status = status, .out = written.out.str(), .err = written.err.str()};
  }

  bool is_empty() { return to_.list(std::nullopt, 1)->sessions.empty(); }

  const store::ScratchDirectory from_directory_;
  const store::ScratchDirectory to_directory_;
  LmdbStore from_{store::options_for(from_directory_)};
  LmdbStore to_{store::options_for(to_directory_)};
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

core::Sweep everybody_in(const std::string& zone) {
  return {.reach = core::Reach::Zone,
          .zone = zone,
          .subject = "",
          .except = std::nullopt,
          .reason = EndReason::EndedByAdministrator};
}

TEST_F(Transfer, SessionsLiveAndAreOverInTheOtherStoreAsTheyWere) {
  const Opening outgrown = open_new(from_, 1, "alice", "swept");
  const Opening ended = open_new(from_, 2, "bob");
  ASSERT_TRUE(from_.sweep(everybody_in("swept"), kNoon).ok());
  ASSERT_TRUE(*from_.end(ended.key, EndReason::LoggedOut, kNoon));
  const Opening live = open_new(from_, 3, "z\xff\n", "swept");

  const Ran ran = import(exported());
  EXPECT_EQ(ran.status, kExitDone) << ran.err;
  EXPECT_EQ(ran.out, "Imported 6 records\n") << "each session and its root";
  EXPECT_TRUE(lives(to_, live.key));
  EXPECT_EQ(to_.find(live.key)->found->record.session->identity.user, "z\xff\n");
  EXPECT_EQ(to_.find(outgrown.key)->found->outgrown, EndReason::EndedByAdministrator);
  EXPECT_EQ(to_.find(ended.key)->found->record.session->end->reason, EndReason::LoggedOut);
  for (const Opening& opening : {outgrown, ended, live}) {
    EXPECT_EQ(core::encode(to_.find(opening.key)->found->record),
              core::encode(from_.find(opening.key)->found->record));
  }
}

TEST_F(Transfer, LoginsGoOnInTheOtherStoreWhateverItsCommitsAreCalled) {
  for (std::uint64_t i = 0; i < 20; ++i) ASSERT_TRUE(from_.sweep(everybody_in("zone"), kNoon).ok());
  ASSERT_EQ(import(exported()).status, kExitDone);
  open_new(to_, 1);
}

TEST_F(Transfer, AnEmptyStoreIsAnExportToo) {
  EXPECT_EQ(import(exported()).out, "Imported 0 records\n");
}

TEST_F(Transfer, AStoreWithSessionsIsNotOverwritten) {
  const Opening here = open_new(to_, 1);
  ASSERT_TRUE(*to_.end(here.key, EndReason::LoggedOut, kNoon));
  open_new(from_, 1);
  const Ran ran = import(exported());
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_NE(ran.err.find("has sessions already"), std::string::npos) << ran.err;
  EXPECT_FALSE(lives(to_, here.key)) << "what has ended stays ended";
}

TEST_F(Transfer, WhatIsNoExportIsRefusedWithTheNumberOfTheLine) {
  open_new(from_, 1);
  ASSERT_TRUE(from_.sweep(everybody_in("zone"), kNoon).ok());
  const std::vector<std::string> good = lines_of(exported());
  ASSERT_EQ(good.size(), 5U) << "head, an epoch, two records, foot";
  const std::string foot = good[4];

  const auto with = [&](std::size_t at, const std::string& line) {
    std::vector<std::string> lines = good;
    lines[at] = line;
    return joined(lines);
  };
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "line 1 is missing"},
      {"SESSION STATE\n", "line 1 does not begin an export"},
      {with(0, "{\"format\":\"mod_auth_epoch sessions\",\"version\":2}\n"),
       "line 1 does not begin"},
      {with(1, "\n"), "line 2 is not as"},
      {with(1, "[]\n"), "line 2 is not as"},
      {with(1, "{\"epoch\":\"AA\",\"value\":1,\"reason\":\"logged-out\"}\n"), "line 2 is not as"},
      {with(2, "{\"key\":7,\"record\":8}\n"), "line 3 is not as"},
      {with(2, good[2].substr(0, good[2].size() / 2) + "\n"), "line 3 is not as"},
      {with(3, good[2]), "line 4 is not as"},
      {with(2, good[1]), "line 3 is not as"},
      {with(3, ""), "line 4 is not as"},
      {with(4, ""), "line 5 is missing: the export is cut short"},
      {with(4, foot + foot), "line 6 comes after the last line"},
  };
  for (const auto& [text, complaint] : bad) {
    const Ran ran = import(text);
    EXPECT_EQ(ran.status, kExitNotFound) << text;
    EXPECT_NE(ran.err.find(complaint), std::string::npos) << ran.err << text;
    EXPECT_TRUE(is_empty());
  }
  EXPECT_EQ(import(joined(good)).status, kExitDone);
}

}  // namespace
}  // namespace epoch::cli
