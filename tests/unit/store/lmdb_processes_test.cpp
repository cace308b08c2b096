// Several processes on one store: what one writes the other sees, whoever dies.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "store/lmdb_handles.h"
#include "store/lmdb_store.h"
#include "store/write_batch.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

using core::EndReason;
using core::Opening;
using core::Result;

TEST(LmdbProcesses, WhatOneProcessEndsIsEndedForTheOthersAtOnce) {
  const ScratchDirectory directory;
  Process other([&](const Process::Talk& test) {
    LmdbStore store(options_for(directory));
    const Opening opening = open_new(store, 1);
    test.say("opened");
    test.hear();
    return !lives(store, opening.key);
  });
  LmdbStore store(options_for(directory));
  EXPECT_EQ(other.talk().hear(), "opened");
  const core::RecordKey key = core::record_key_of(numbered(1));
  EXPECT_TRUE(lives(store, key));
  EXPECT_TRUE(*store.end(key, EndReason::LoggedOut, kNoon));
  other.talk().say("ended");
  EXPECT_TRUE(other.succeeds());
}

TEST(LmdbProcesses, ALoginInOneProcessConflictsWithASweepInAnother) {
  const ScratchDirectory directory;
  Process other([&](const Process::Talk& test) {
    LmdbStore store(options_for(directory));
    const Opening opening = login(1, new_client(1), *store.moment());
    test.say("verified");
    test.hear();
    return store.open(opening)->outcome == core::OpenOutcome::Conflict;
  });
  LmdbStore store(options_for(directory));
  EXPECT_EQ(other.talk().hear(), "verified");
  EXPECT_TRUE(store
                  .sweep({.reach = core::Reach::UserInZone,
                          .zone = "zone",
                          .subject = "alice",
                          .except = std::nullopt},
                         kNoon)
                  .ok());
  other.talk().say("swept");
  EXPECT_TRUE(other.succeeds());
}

void open_many(core::SessionStore& store, std::uint64_t first) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 50;
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&store, from = first + thread * kEach] {
      for (std::uint64_t i = 0; i < kEach; ++i) open_new(store, from + i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(LmdbProcesses, TwoProcessesOfManyThreadsLoseNothing) {
  const ScratchDirectory directory;
  Process other([&](const Process::Talk&) {
    LmdbStore store(options_for(directory));
    open_many(store, 1000);
    return true;
  });
  LmdbStore store(options_for(directory));
  open_many(store, 2000);
  EXPECT_TRUE(other.succeeds());
  EXPECT_EQ(store.list(std::nullopt, 1000)->sessions.size(), 400U);
}

TEST(LmdbProcesses, WhatWasAnsweredSurvivesTheDeathOfTheWriter) {
  const ScratchDirectory directory;
  constexpr std::uint64_t kRounds = 5;
  constexpr std::uint64_t kAnswers = 12;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    Process writer([&](const Process::Talk& test) {
      LmdbStore store(options_for(directory));
      for (std::uint64_t i = round * 100000;; ++i) {
        const Opening opening = open_new(store, i);
        EXPECT_TRUE(*store.end(opening.key, EndReason::LoggedOut, kNoon));
        test.say(std::to_string(i));
      }
      return true;
    });
    std::vector<std::uint64_t> answered;
    while (answered.size() < kAnswers) answered.push_back(std::stoull(writer.talk().hear()));
    writer.kill();
    LmdbStore store(options_for(directory));
    for (const std::uint64_t number : answered) {
      const Result<core::Look> look = store.find(core::record_key_of(numbered(number)));
      ASSERT_TRUE(look.ok() && look->found);
      EXPECT_TRUE(look->found->record.session->end);
    }
    open_new(store, round * 100000 + 99999);
  }
}

TEST(LmdbProcesses, AProcessKilledInTheMiddleOfAWriteHoldsNobodyUp) {
  const ScratchDirectory directory;
  LmdbStore store(options_for(directory));
  const Opening before = open_new(store, 1);
  Process writer([&](const Process::Talk& test) {
    const Result<std::shared_ptr<Environment>> environment =
        Environment::open(options_for(directory));
    Result<TxnHandle> txn = (*environment)->begin_write();
    Tables tables(**environment, txn->get());
    core::Record half_done;
    half_done.session = login(2, new_client(2), {}).session;
    EXPECT_TRUE(tables.put(core::record_key_of(numbered(2)), half_done).ok());
    test.say("half done");
    test.hear();
    return false;
  });
  EXPECT_EQ(writer.talk().hear(), "half done");
  writer.kill();
  EXPECT_TRUE(*store.end(before.key, EndReason::LoggedOut, kNoon));
  EXPECT_FALSE(store.find(core::record_key_of(numbered(2)))->found);
  open_new(store, 3);
}

TEST(LmdbProcesses, ReaderSlotsOfKilledProcessesAreReclaimed) {
  const ScratchDirectory directory;
  LmdbStore store(options_for(directory));
  const auto reader = [&](const Process::Talk& test) {
    LmdbStore mine(options_for(directory));
    EXPECT_TRUE(mine.find(core::record_key_of(numbered(1))).ok());
    test.say("has read");
    test.hear();
    return true;
  };
  Process first(reader);
  Process second(reader);
  EXPECT_EQ(first.talk().hear(), "has read");
  EXPECT_EQ(second.talk().hear(), "has read");
  EXPECT_EQ(*store.reader_check(), 0U);
  first.kill();
  second.kill();
  EXPECT_EQ(*store.reader_check(), 2U);
  EXPECT_EQ(*store.reader_check(), 0U);
}

TEST(LmdbProcesses, WhereAllReaderSlotsBelongToTheDeadTheyAreTakenOver) {
  const ScratchDirectory directory;
  StoreOptions few = options_for(directory);
  few.max_readers = 3;
  LmdbStore store(few);
  for (int i = 0; i < 5; ++i) {
    Process reader([&](const Process::Talk& test) {
      LmdbStore mine(few);
      const bool answered = mine.find(core::record_key_of(numbered(1))).ok();
      test.say(answered ? "answered" : "refused");
      test.hear();
      return true;
    });
    EXPECT_EQ(reader.talk().hear(), "answered");
    reader.kill();
  }
  EXPECT_TRUE(store.find(core::record_key_of(numbered(1))).ok());
}

TEST(LmdbProcesses, WhereAllReaderSlotsAreInUseTheAnswerSaysSo) {
  const ScratchDirectory directory;
  StoreOptions few = options_for(directory);
  few.max_readers = 1;
  const Result<std::shared_ptr<Environment>> environment = Environment::open(few);
  ASSERT_TRUE(environment.ok());
  const Result<Environment::Reading> first = (*environment)->read();
  ASSERT_TRUE(first.ok());
  const Result<Environment::Reading> second = (*environment)->read();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, core::ErrorCode::Unavailable);
  EXPECT_NE(second.error().detail.find("all reader slots are taken"), std::string::npos);
}

TEST(LmdbProcesses, AStoreThatWasOpenedBeforeKeepsItsInstanceAndItsSessions) {
  const ScratchDirectory directory;
  core::Hash256 instance{};
  core::StoreMoment moment;
  {
    LmdbStore store(options_for(directory));
    open_new(store, 1);
    instance = *store.instance();
    moment = *store.moment();
  }
  const LogLines lines;
  EXPECT_TRUE(prepare_store(options_for(directory, lines)).ok());
  LmdbStore store(options_for(directory, lines));
  EXPECT_TRUE(lives(store, core::record_key_of(numbered(1))));
  EXPECT_EQ(*store.instance(), instance);
  EXPECT_EQ(store.moment()->instance, moment.instance);
  EXPECT_EQ(store.moment()->commit, moment.commit);
  EXPECT_EQ(lines.all(), "");
}

// One batch, made by hand, so that its order is certain.
class LmdbBatch : public testing::Test {
 protected:
  LmdbBatch() : environment_(*Environment::open(options_for(directory_))) {}

  static Operation writing(std::uint64_t number, int& runs) {
    return [number, &runs](Tables& tables) {
      ++runs;
      core::Record record;
      record.session = login(number, new_client(number), {}).session;
      return tables.put(core::record_key_of(numbered(number)), record);
    };
  }

  bool has(std::uint64_t number) {
    const Result<Environment::Reading> reading = environment_->read();
    return reading->tables().record(core::record_key_of(numbered(number)))->has_value();
  }

  ScratchDirectory directory_;
  std::shared_ptr<Environment> environment_;
};

TEST_F(LmdbBatch, AFailedOperationSpoilsNoOtherAndLeavesNothingBehind) {
  int runs = 0;
  const Operation first = writing(1, runs);
  const Operation half_done = [&](Tables& tables) -> Result<core::Done> {
    EXPECT_TRUE(writing(2, runs)(tables).ok());
    return core::Error{core::ErrorCode::Damaged, "found out too late"};
  };
  const Operation last = writing(3, runs);
  CommitRequest one{first};
  CommitRequest two{half_done};
  CommitRequest three{last};
  const std::vector<CommitRequest*> batch{&one, &two, &three};
  commit_together(*environment_, batch);
  EXPECT_FALSE(one.error);
  ASSERT_TRUE(two.error);
  EXPECT_EQ(two.error->detail, "found out too late");
  EXPECT_FALSE(three.error);
  EXPECT_TRUE(has(1));
  EXPECT_FALSE(has(2));
  EXPECT_TRUE(has(3));
}

TEST_F(LmdbBatch, ABatchIsOneCommit) {
  int runs = 0;
  const Operation first = writing(1, runs);
  const Operation second = writing(2, runs);
  CommitRequest one{first};
  CommitRequest two{second};
  const std::vector<CommitRequest*> batch{&one, &two};
  const std::uint64_t before = environment_->read()->tables().moment().commit;
  commit_together(*environment_, batch);
  EXPECT_EQ(environment_->read()->tables().moment().commit, before + 1);
  EXPECT_EQ(runs, 2);
}

TEST_F(LmdbBatch, WhereTheCommitFailsEveryOperationHasFailed) {
  int runs = 0;
  const Operation first = writing(1, runs);
  const Operation second = writing(2, runs);
  CommitRequest one{first};
  CommitRequest two{second};
  const std::vector<CommitRequest*> batch{&one, &two};
  {
    const FullDisk full;
    commit_together(*environment_, batch);
  }
  ASSERT_TRUE(one.error && two.error);
  EXPECT_EQ(one.error->code, core::ErrorCode::Unavailable);
  EXPECT_FALSE(has(1));
  EXPECT_FALSE(has(2));
}

}  // namespace
}  // namespace epoch::store
