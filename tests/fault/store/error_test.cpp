// Any one call to the system fails, or all of them from some moment on. What fails is answered as
// an error and has changed nothing; what was acknowledged stays, also where the power goes
// afterwards; and when the fault is over, the store goes on.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

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
using core::ErrorCode;
using core::Result;
using store::kNoon;
using store::LmdbStore;
using store::LogLines;
using store::options_for;
using store::ScratchDirectory;
using store::StoreOptions;

constexpr Call kWhileWriting[] = {Call::Write, Call::SynchronousWrite, Call::Sync};

// A life that went well: what the disk held before each step, and what was there to be found.
struct Course {
  std::vector<Step> steps;
  std::vector<std::string> images;
  std::vector<std::string> descriptions;         // one more than there are steps
  std::vector<std::map<Call, unsigned>> counts;  // of the calls of each step
};

const Course& good_course() {
  static const Course the_one = [] {
    const ScratchDirectory directory;
    LmdbStore store(options_for(directory));
    for (const Step& step : childhood()) EXPECT_TRUE(step.run(store).ok()) << step.name;
    Course course;
    course.steps = life(2);
    course.descriptions.push_back(*description(store));
    for (const Step& step : course.steps) {
      course.images.push_back(store::file_content(directory.path() + "/data.mdb"));
      Disk::watch(directory.path());
      EXPECT_TRUE(step.run(store).ok()) << step.name;
      std::map<Call, unsigned>& counts = course.counts.emplace_back();
      for (const Call call : kWhileWriting) counts[call] = Disk::count(call);
      Disk::stop();
      course.descriptions.push_back(*description(store));
    }
    return course;
  }();
  return the_one;
}

// A store in the middle of that life.
class Midlife {
 public:
  explicit Midlife(std::size_t step) {
    std::ofstream(path(), std::ios::binary) << good_course().images[step];
    ::chmod(path().c_str(), 0600);
    StoreOptions options = options_for(directory_, lines_);
    options.clock = [this] { return now_; };
    store_.emplace(std::move(options));
  }
  LmdbStore& store() { return *store_; }
  [[nodiscard]] const std::string& directory() const { return directory_.path(); }
  [[nodiscard]] std::string path() const { return directory_.path() + "/data.mdb"; }
  [[nodiscard]] const LogLines& lines() const { return lines_; }
  [[nodiscard]] std::size_t set_aside() const { return set_aside_in(directory_).size(); }
  void let_time_pass() { now_ += std::chrono::seconds(2); }

 private:
  ScratchDirectory directory_;
  LogLines lines_;
  std::chrono::steady_clock::time_point now_{};
  std::optional<LmdbStore> store_;
};

struct Case {
  std::size_t step;
  Fault fault;
};

std::string to_string(const Case& each) {
  return good_course().steps[each.step].name + ", " + to_string(each.fault.call) + " " +
         std::to_string(each.fault.nth) + " answers " + std::to_string(each.fault.error) +
         (each.fault.happens ? ", though it happens" : "") +
         (each.fault.lasting ? ", and so do all that follow" : "");
}

// Every call of every step with every error, in an order drawn by lot.
std::vector<Case> all_cases(std::mt19937_64& lot) {
  std::vector<Case> cases;
  const Course& course = good_course();
  for (std::size_t step = 0; step + 1 < course.steps.size(); ++step) {
    for (const Call call : kWhileWriting) {
      for (unsigned nth = 0; nth < course.counts[step].at(call); ++nth) {
        for (const int error : {EIO, ENOSPC, EDQUOT, EROFS, EINTR, 0}) {
          if (error == 0 && call == Call::Sync) continue;
          for (const bool lasting : {false, true}) {
            if (lasting && error == EINTR) continue;  // LMDB tries again for as long
            for (const bool happens : {true, false}) {
              if (!happens && (call == Call::Sync || error == 0)) continue;
              cases.push_back({step,
                               {.call = call,
                                .nth = nth,
                                .error = error,
                                .lasting = lasting,
                                .happens = happens}});
            }
          }
        }
      }
    }
  }
  std::shuffle(cases.begin(), cases.end(), lot);
  return cases;
}

void expect_described(LmdbStore& store, const std::string& expected, const std::string& when) {
  const Result<std::string> found = description(store);
  ASSERT_TRUE(found.ok()) << when << ": " << found.error().detail;
  EXPECT_TRUE(*found == expected) << when << ": the store holds something else";
}

// Answers whether the step failed; afterwards it was done, and the next one, too.
bool meet(const Case& each, Midlife& life) {
  const Course& course = good_course();
  LmdbStore& store = life.store();
  Disk::fail(each.fault);
  const Result<Done> first = course.steps[each.step].run(store);
  if (!first) {
    EXPECT_EQ(first.error().code, ErrorCode::Unavailable);
    EXPECT_NE(first.error().detail.find(life.directory()), std::string::npos);
    expect_described(store, course.descriptions[each.step], "while the fault lasts");
  }
  EXPECT_GT(Disk::repair(), 0U) << "the fault was not met";
  if (!first) {
    life.let_time_pass();
    const Result<Done> again = course.steps[each.step].run(store);
    EXPECT_TRUE(again.ok()) << again.error().detail;
  }
  Disk::mark(1);
  expect_described(store, course.descriptions[each.step + 1], "after the step");
  const Result<Done> next = course.steps[each.step + 1].run(store);
  EXPECT_TRUE(next.ok()) << (next ? "" : next.error().detail);
  Disk::mark(2);
  expect_described(store, course.descriptions[each.step + 2], "after the next step");
  EXPECT_EQ(life.set_aside(), 0U) << life.lines().all();
  return !first;
}

TEST(DiskErrors, WhatFailsHasChangedNothingAndIsDoneWhenAskedAgain) {
  std::mt19937_64 lot(1);
  std::vector<Case> cases = all_cases(lot);
  const std::size_t possible = cases.size();
  cases.resize(std::min(possible, 250 * scale()));
  std::size_t failed = 0;
  for (const Case& each : cases) {
    SCOPED_TRACE(to_string(each));
    Midlife life(each.step);
    Disk::watch(life.directory());
    if (meet(each, life)) ++failed;
    Disk::stop();
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(failed, cases.size() / 2);
  record("disk errors: possible", possible);
  record("disk errors: met", cases.size());
  record("disk errors: answered as errors", failed);
}

// After a failed sync the system may take for written what is not: nothing may have been
// acknowledged that rests on it, then or later.
TEST(DiskErrors, AfterAnErrorThePowerGoes) {
  std::mt19937_64 lot(2);
  std::vector<Case> cases = all_cases(lot);
  std::erase_if(cases, [](const Case& each) { return each.fault.error == EINTR; });
  cases.resize(std::min(cases.size(), 8 * scale()));
  const Course& course = good_course();
  Bench bench;
  std::size_t states = 0;
  for (const Case& each : cases) {
    Midlife life(each.step);
    Platter base;
    Disk::watch(life.directory());
    meet(each, life);
    const std::vector<Event> events = Disk::stop();
    struct stat status {};
    ::stat(life.path().c_str(), &status);
    for (const Aftermath aftermath : {Aftermath::Lost, Aftermath::Pending, Aftermath::Written}) {
      SCOPED_TRACE(to_string(each) + ", aftermath " + std::to_string(static_cast<int>(aftermath)));
      Platter platter(aftermath);
      platter.begin_with({{"data.mdb", course.images[each.step]}}, {{"data.mdb", status.st_ino}});
      Cuts cuts(8, lot());
      cuts.go_through(events, platter, [&](const Files& files, const Cuts::Marks& marks) {
        return bench.trouble_with(files, [&](LmdbStore& store) -> std::string {
          const Result<std::string> found = description(store);
          if (!found) return found.error().detail;
          const std::size_t done = each.step + marks.size();
          const bool is_next = marks.size() < 2 && *found == course.descriptions[done + 1];
          return *found == course.descriptions[done] || is_next ? "" : "it holds something else";
        });
      });
      states += cuts.states();
    }
    if (testing::Test::HasFailure()) break;
  }
  record("disk errors, then power cut: errors", cases.size());
  record("disk errors, then power cut: states of the disk checked", states);
}

// What each of several threads was told, of sessions that it opened and ended.
struct Told {
  std::vector<std::uint64_t> opened;
  std::vector<std::uint64_t> not_opened;
  std::vector<std::uint64_t> ended;
  std::vector<std::uint64_t> not_ended;
};

void open_and_end(LmdbStore& store, std::uint64_t first, Told& told) {
  for (std::uint64_t number = first; number < first + 6; ++number) {
    const Result<core::StoreMoment> moment = store.moment();
    const Result<core::Opened> opened =
        moment ? store.open(store::login(number, store::new_client(number), *moment))
               : Result<core::Opened>(moment.error());
    if (!opened) {
      told.not_opened.push_back(number);
      continue;
    }
    told.opened.push_back(number);
    const Result<bool> ended =
        store.end(core::record_key_of(store::numbered(number)), core::EndReason::LoggedOut, kNoon);
    (ended ? told.ended : told.not_ended).push_back(number);
  }
}

TEST(DiskErrors, ACommitThatFailedIsToldToAllWhoShareIt) {
  std::mt19937_64 lot(4);
  std::size_t failed = 0;
  constexpr std::uint64_t kThreads = 6;
  for (std::size_t i = 0; i < 15 * scale() && !HasFailure(); ++i) {
    Midlife life(0);
    Disk::watch(life.directory());
    Disk::slow_down(1000);  // as a disk is, so that others wait meanwhile
    Disk::fail(
        {.call = kWhileWriting[lot() % 3], .nth = static_cast<unsigned>(lot() % 10), .error = EIO});
    std::vector<Told> told(kThreads);
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back(
          [&, thread] { open_and_end(life.store(), 5000 + 10 * thread, told[thread]); });
    }
    for (std::thread& thread : threads) thread.join();
    Disk::slow_down(0);
    Disk::repair();
    Disk::stop();
    life.let_time_pass();
    const auto look = [&](std::uint64_t number) {
      return *life.store().find(core::record_key_of(store::numbered(number)));
    };
    for (const Told& each : told) {
      failed += each.not_opened.size() + each.not_ended.size();
      for (const std::uint64_t number : each.opened) EXPECT_TRUE(look(number).found);
      for (const std::uint64_t number : each.not_opened) EXPECT_FALSE(look(number).found);
      for (const bool is_over : {false, true}) {
        for (const std::uint64_t number : is_over ? each.ended : each.not_ended) {
          const core::Look found = look(number);
          EXPECT_TRUE(found.found && found.found->record.session->end.has_value() == is_over);
        }
      }
    }
  }
  EXPECT_GT(failed, 0U);
  record("disk errors, threads: answered as errors", failed);
}

// The commit that failed is on the disk nevertheless, and what follows it takes the same pages for
// something else.
TEST(DiskErrors, AfterACommitThatFailedSomethingElseIsWrittenAndThePowerGoes) {
  const Course& course = good_course();
  Bench bench;
  std::size_t states = 0;
  std::mt19937_64 lot(3);
  const std::size_t stride = scale() < 16 ? 16 / scale() : 1;
  for (std::size_t step = 0; step < course.steps.size() && !HasFailure(); step += stride) {
    if (course.counts[step].at(Call::SynchronousWrite) == 0) continue;  // nothing to purge
    Midlife life(step);
    LmdbStore& store = life.store();
    Disk::watch(life.directory());
    Disk::fail({.call = Call::SynchronousWrite, .error = EIO, .happens = true});
    EXPECT_FALSE(course.steps[step].run(store).ok());
    Disk::repair();
    life.let_time_pass();
    const core::RecordKey other = core::record_key_of(store::numbered(1));
    const Result<bool> ended = store.end(other, core::EndReason::LoggedOut, kNoon);
    EXPECT_TRUE(ended.ok() && *ended);
    Disk::mark(1);
    const std::string after = *description(store);
    const std::vector<Event> events = Disk::stop();
    struct stat status {};
    ::stat(life.path().c_str(), &status);
    for (const Aftermath aftermath : {Aftermath::Lost, Aftermath::Pending, Aftermath::Written}) {
      SCOPED_TRACE(course.steps[step].name + ", aftermath " +
                   std::to_string(static_cast<int>(aftermath)));
      Platter platter(aftermath);
      platter.begin_with({{"data.mdb", course.images[step]}}, {{"data.mdb", status.st_ino}});
      Cuts cuts(60 + scale(), lot());
      cuts.go_through(events, platter, [&](const Files& files, const Cuts::Marks& marks) {
        return bench.trouble_with(files, [&](LmdbStore& found) -> std::string {
          const Result<std::string> text = description(found);
          if (!text) return text.error().detail;
          const bool is_before = *text == course.descriptions[step];
          const bool is_failed = *text == course.descriptions[step + 1];
          if (*text == after || (marks.empty() && (is_before || is_failed))) return {};
          return "it holds something else";
        });
      });
      states += cuts.states();
    }
  }
  record("failed commits, then others, then power cut: states of the disk checked", states);
}

// Nothing that keeps a store from being opened or read is taken for damage.
TEST(DiskErrors, AStoreThatCannotBeOpenedIsNotSetAside) {
  const Course& course = good_course();
  std::size_t failed = 0;
  for (const Call call : {Call::Open, Call::Read, Call::Resize, Call::Write, Call::Sync}) {
    for (const int error : {EIO, EMFILE, EACCES, ENOSPC, EROFS}) {
      for (const bool lasting : {false, true}) {
        for (unsigned nth = 0;; ++nth) {
          SCOPED_TRACE(std::string(to_string(call)) + " " + std::to_string(nth) + " answers " +
                       std::to_string(error) + (lasting ? " from then on" : ""));
          Midlife life(0);
          const StoreOptions options = [&] {
            StoreOptions same;
            same.directory = life.directory();
            same.map_bytes = std::size_t{64} << 20U;
            same.max_readers = 512;
            same.log = LogLines(life.lines()).log();
            return same;
          }();
          std::filesystem::remove(life.directory() + "/lock.mdb");
          std::filesystem::remove(life.directory() + "/generation");
          Disk::watch(life.directory());
          Disk::fail({.call = call, .nth = nth, .error = error, .lasting = lasting});
          const Result<Done> prepared = store::prepare_store(options);
          LmdbStore during(options);
          static_cast<void>(during.moment().ok());
          const unsigned failures = Disk::repair();
          Disk::stop();
          if (!prepared) {
            ++failed;
            EXPECT_EQ(prepared.error().code, ErrorCode::Unavailable);
            EXPECT_NE(prepared.error().detail.find(life.directory()), std::string::npos)
                << prepared.error().detail;
          }
          EXPECT_EQ(life.set_aside(), 0U) << life.lines().all();
          LmdbStore after(options);
          expect_described(after, course.descriptions[0], "afterwards");
          if (failures == 0 || testing::Test::HasFailure()) break;
        }
        if (testing::Test::HasFailure()) return;
      }
    }
  }
  EXPECT_GT(failed, 0U);
  record("errors while a store is opened", failed);
}

TEST(DiskErrors, AKeyFileThatCannotBeWrittenIsAnErrorAndTheOldKeysStay) {
  store::SystemEntropy entropy;
  std::size_t failed = 0;
  for (const Call call : {Call::Open, Call::Write, Call::Sync, Call::Rename, Call::Read}) {
    for (const int error : {EIO, ENOSPC, EROFS}) {
      for (const bool is_new : {true, false}) {
        for (unsigned nth = 0;; ++nth) {
          SCOPED_TRACE(std::string(to_string(call)) + " " + std::to_string(nth));
          const ScratchDirectory directory;
          const std::string path = directory.path() + "/keys";
          std::string before;
          if (!is_new) before = store::read_or_make_keys(path, entropy, kNoon)->serialize();
          Disk::watch(directory.path());
          Disk::fail({.call = call, .nth = nth, .error = error, .happens = false});
          const Result<core::KeyRing> keys = is_new ? store::read_or_make_keys(path, entropy, kNoon)
                                                    : store::rotate_keys(path, entropy, kNoon, 2);
          const unsigned failures = Disk::repair();
          Disk::stop();
          const std::string after = store::read_or_make_keys(path, entropy, kNoon)->serialize();
          if (keys) {
            EXPECT_EQ(keys->serialize(), after);
          } else {
            ++failed;
            EXPECT_NE(keys.error().detail.find(path), std::string::npos) << keys.error().detail;
            EXPECT_TRUE(is_new || after == before) << "an error, and yet other keys";
          }
          if (failures == 0) break;
        }
      }
    }
  }
  EXPECT_GT(failed, 0U);
  record("errors while a key file is written", failed);
}

}  // namespace
}  // namespace epoch::fault
