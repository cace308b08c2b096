// The power goes at every moment of a store's life, and the disk holds whatever a disk may hold
// then. What was acknowledged is there, and nothing that never was.
#include "power_cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <utility>

#include "cuts.h"
#include "disk.h"
#include "examination.h"
#include "figures.h"
#include "life.h"
#include "store/key_file.h"
#include "store/store_directory.h"
#include "store/system_entropy.h"
#include "store_testing.h"

namespace epoch::fault {
namespace {

using core::Done;
using core::Result;
using store::kNoon;
using store::LmdbStore;
using store::LogLines;
using store::numbered;
using store::options_for;
using store::ScratchDirectory;

void run(const Step& step, LmdbStore& store) {
  const Result<Done> done = step.run(store);
  ASSERT_TRUE(done.ok()) << step.name << ": " << done.error().detail;
}

TEST(PowerCut, WhatWasAcknowledgedIsThereAndNothingElseIsHalfThere) {
  const ScratchDirectory directory;
  std::vector<std::string> descriptions;  // after so many steps
  Platter platter;
  std::vector<Event> events;
  {
    LmdbStore store(options_for(directory));
    for (const Step& step : childhood()) run(step, store);
    begin_with_data_of(directory.path(), platter);
    descriptions.push_back(*description(store));
    Disk::watch(directory.path());
    for (const Step& step : life(static_cast<unsigned>(std::min<std::size_t>(1 + scale(), 6)))) {
      run(step, store);
      Disk::mark(descriptions.size());
      descriptions.push_back(*description(store));
    }
    events = Disk::stop();
  }
  Bench bench;
  Cuts cuts(10 * scale());
  cuts.go_through(
      events, platter, [&](const Files& files, const std::vector<std::uint64_t>& marks) {
        return bench.trouble_with(files, [&](LmdbStore& store) -> std::string {
          const Result<std::string> found = description(store);
          if (!found) return found.error().detail;
          const std::size_t steps = marks.size();
          if (*found == descriptions[steps]) return {};
          if (steps + 1 < descriptions.size() && *found == descriptions[steps + 1]) return {};
          return "it is neither as after the last step that was acknowledged nor as after the next";
        });
      });
  record("power cut: syncs at which it was cut", cuts.points());
  record("power cut: states of the disk checked", cuts.states());
}

// Marks of the sessions that threads open and end at the same time.
enum Stage : std::uint64_t { kOpening, kOpen, kEnding, kEnded, kStages };

void live_and_end(LmdbStore& store, std::uint64_t thread, std::uint64_t sessions) {
  const std::string user = "user " + std::to_string(thread);
  std::vector<std::uint64_t> live;
  const auto end_all = [&](const auto& end) {
    for (const std::uint64_t number : live) Disk::mark(number * kStages + kEnding);
    end();
    for (const std::uint64_t number : live) Disk::mark(number * kStages + kEnded);
    live.clear();
  };
  for (std::uint64_t i = 0; i < sessions; ++i) {
    const std::uint64_t number = thread * 10000 + i;
    Disk::mark(number * kStages + kOpening);
    store::open_new(store, number, user);
    Disk::mark(number * kStages + kOpen);
    live.push_back(number);
    if (i % 3 == 1) {
      const std::array<core::Touch, 1> touch{
          {{.key = core::record_key_of(numbered(number)), .seen = kNoon + core::Seconds(60)}}};
      EXPECT_TRUE(store.touch(touch).ok());
    }
    if (i % 5 == 2) {
      end_all([&] {
        EXPECT_TRUE(store
                        .sweep({.reach = core::Reach::UserInZone,
                                .zone = "zone",
                                .subject = core::subject_of({.user = user}),
                                .except = {}},
                               kNoon)
                        .ok());
      });
    } else if (i % 2 == 1) {
      end_all([&] {
        for (const std::uint64_t each : live) {
          EXPECT_TRUE(store
                          .close({.root = numbered(each),
                                  .reason = core::EndReason::LoggedOut,
                                  .at = kNoon,
                                  .sweep = {}})
                          .ok());
        }
      });
    }
  }
}

std::string trouble_of_sessions(LmdbStore& store, const std::vector<std::uint64_t>& marks) {
  std::map<std::uint64_t, std::uint64_t> stages;
  for (const std::uint64_t mark : marks) stages[mark / kStages] = mark % kStages;
  for (const auto& [number, stage] : stages) {
    const core::RecordKey key = core::record_key_of(numbered(number));
    const Result<core::Look> look = store.find(key);
    if (!look) return look.error().detail;
    const bool is_there = look->found != nullptr;
    const bool is_live = is_there && store::lives(store, key);
    const std::string name = "session " + std::to_string(number);
    if (stage == kOpen && !is_live) return name + " was opened, and does not live";
    if (stage == kEnding && !is_there) return name + " was opened, and is not there";
    if (stage == kEnded && is_live) return name + " has ended, and lives";
    if (stage == kEnded && !is_there) return name + " has ended, and was forgotten";
  }
  const Result<core::ListPage> all = store.list(std::nullopt, 100000);
  if (!all) return all.error().detail;
  if (all->sessions.size() > stages.size()) return "there are sessions that nobody has opened";
  return {};
}

// At every sync, with the sessions of the marks.
Cuts cut_the_power(const std::vector<Event>& events, Platter platter, std::size_t most) {
  Bench bench;
  Cuts cuts(most);
  cuts.go_through(events, platter,
                  [&](const Files& files, const std::vector<std::uint64_t>& marks) {
                    return bench.trouble_with(
                        files, [&](LmdbStore& store) { return trouble_of_sessions(store, marks); });
                  });
  return cuts;
}

TEST(PowerCut, WhatThreadsHadAcknowledgedInOneCommitIsThere) {
  const ScratchDirectory directory;
  Platter platter;
  std::vector<Event> events;
  constexpr std::uint64_t kThreads = 6;
  const std::uint64_t sessions = std::min<std::size_t>(12 + 4 * scale(), 60);
  unsigned commits = 0;
  {
    LmdbStore store(options_for(directory));
    ASSERT_TRUE(store.moment().ok());
    begin_with_data_of(directory.path(), platter);
    Disk::watch(directory.path());
    Disk::slow_down(500);  // as a disk is, so that others wait meanwhile
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] { live_and_end(store, i, sessions); });
    }
    for (std::thread& thread : threads) thread.join();
    Disk::slow_down(0);
    commits = Disk::count(Call::SynchronousWrite);
    events = Disk::stop();
  }
  const Cuts cuts = cut_the_power(events, std::move(platter), 8 * scale());
  record("power cut, threads: sessions", kThreads * sessions);
  record("power cut, threads: commits", commits);
  record("power cut, threads: states of the disk checked", cuts.states());
}

TEST(PowerCut, AStoreThatWasBeingMadeIsMadeAgain) {
  const ScratchDirectory directory;
  Disk::watch(directory.path());
  {
    LmdbStore store(options_for(directory));
    Disk::mark(1 * kStages + kOpening);
    const core::Opening opening = store::open_new(store, 1);
    Disk::mark(1 * kStages + kOpen);
    Disk::mark(2 * kStages + kOpening);
    store::open_new(store, 2);
    Disk::mark(2 * kStages + kOpen);
    Disk::mark(1 * kStages + kEnding);
    EXPECT_TRUE(store.end(opening.key, core::EndReason::LoggedOut, kNoon).ok());
    Disk::mark(1 * kStages + kEnded);
  }
  const std::vector<Event> events = Disk::stop();
  Platter platter;
  const Cuts cuts = cut_the_power(events, std::move(platter), 100 * scale());
  record("power cut, new store: states of the disk checked", cuts.states());
}

// The damaged file comes back, or the new one is there: never both mixed, and never what was ended.
TEST(PowerCut, AStoreThatWasBeingSetAsideIsSetAsideAgain) {
  const ScratchDirectory directory;
  const std::string garbage(8 * 4096, 'x');
  std::ofstream(store::data_path(directory.path()), std::ios::binary) << garbage;
  std::filesystem::permissions(
      store::data_path(directory.path()),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  Platter platter;
  begin_with_data_of(directory.path(), platter);
  Disk::watch(directory.path());
  ASSERT_TRUE(store::prepare_store(options_for(directory)).ok());
  {
    LmdbStore store(options_for(directory));
    Disk::mark(1 * kStages + kOpening);
    const core::Opening opening = store::open_new(store, 1);
    Disk::mark(1 * kStages + kOpen);
    Disk::mark(1 * kStages + kEnding);
    EXPECT_TRUE(store.end(opening.key, core::EndReason::LoggedOut, kNoon).ok());
    Disk::mark(1 * kStages + kEnded);
  }
  const std::vector<Event> events = Disk::stop();
  EXPECT_EQ(set_aside_in(directory).size(), 1U);

  Cuts cuts(40 * scale());
  cuts.go_through(events, platter, [&](const Files& files, const Cuts::Marks& marks) {
    const ScratchDirectory after;
    for (const auto& [name, bytes] : files) {
      std::ofstream(after.path() + "/" + name, std::ios::binary) << bytes;
    }
    if (const Result<Done> prepared = store::prepare_store(options_for(after)); !prepared) {
      return prepared.error().detail;
    }
    LmdbStore store(options_for(after));
    return trouble_of_sessions(store, marks);
  });
  record("power cut, store set aside: states of the disk checked", cuts.states());
}

std::string written(const core::KeyRing& keys) { return keys.serialize(); }

TEST(PowerCut, AKeyFileIsWholeOrNotThere) {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/keys";
  store::SystemEntropy entropy;
  std::vector<std::string> rings{""};  // after so many marks
  Disk::watch(directory.path());
  rings.push_back(written(*store::read_or_make_keys(path, entropy, kNoon)));
  Disk::mark(1);
  for (int i = 0; i < 3; ++i) {
    rings.push_back(written(*store::rotate_keys(path, entropy, kNoon, 2)));
    Disk::mark(2);
  }
  const std::vector<Event> events = Disk::stop();

  Platter platter;
  Cuts cuts(100 * scale());
  cuts.go_through(
      events, platter, [&](const Files& files, const std::vector<std::uint64_t>& marks) {
        const ScratchDirectory after;
        for (const auto& [name, bytes] : files) {
          const std::string each = after.path() + "/" + name;
          std::ofstream(each, std::ios::binary) << bytes;
          std::filesystem::permissions(
              each, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        }
        const Result<core::KeyRing> keys =
            store::read_or_make_keys(after.path() + "/keys", entropy, kNoon);
        if (!keys) return keys.error().detail;
        const std::size_t steps = marks.size();
        const std::string found = written(*keys);
        if (steps == 0 || found == rings[steps]) return std::string();
        if (steps + 1 < rings.size() && found == rings[steps + 1]) return std::string();
        return std::string("it holds other keys than were acknowledged");
      });
  record("power cut, key file: states of the disk checked", cuts.states());
}

}  // namespace
}  // namespace epoch::fault
