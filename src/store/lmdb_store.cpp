#include "store/lmdb_store.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "store/ledger.h"
#include "store/session_index.h"
#include "store/transactions.h"
#include "store/verification.h"
#include "store/write_batch.h"

namespace epoch::store {
namespace {

using core::Done;
using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::chrono::seconds kBetweenAttempts{1};
// How long an environment that must be closed waits for those who are at work in it: who reads is
// done at once, who writes may wait for other processes.
constexpr std::chrono::milliseconds kWaitForTheOthers{100};
constexpr std::chrono::milliseconds kBetweenLooks{1};
constexpr std::size_t kTouchesAtOnce = 256;
// Logouts and logins wait as long as one transaction takes. A removal copies pages before it frees
// them; a store without room takes them in smaller steps.
constexpr std::size_t kRemovalsAtOnce = 256;
constexpr std::size_t kRemovalsWithoutRoom = 8;

// LMDB's lock is not fair: who takes it again at once would keep other processes waiting for long.
// Nobody waits for a purge.
void make_way(std::chrono::steady_clock::duration after_as_long) {
  constexpr std::chrono::steady_clock::duration kLongest = std::chrono::milliseconds(50);
  std::this_thread::sleep_for(std::min(after_as_long, kLongest));
}

std::size_t removals_at_once(const Environment& environment) {
  return environment.is_nearly_full() ? kRemovalsWithoutRoom : kRemovalsAtOnce;
}

// For all that can be told without a location's idle limit.
Result<bool> may_be_live(const Tables& tables, const core::Record& record, core::TimePoint now) {
  if (!record.session || record.session->end || record.session->expires <= now) return false;
  const Result<std::optional<core::EndReason>> outgrown = tables.outgrown(*record.session);
  if (!outgrown) return outgrown.error();
  return !*outgrown;
}

}  // namespace

LmdbStore::LmdbStore(StoreOptions options)
    : options_(std::move(options)),
      group_commit_([this](std::span<CommitRequest* const> requests) { commit(requests); }) {
  // A failure is kept and answered to whoever asks first.
  static_cast<void>(lease().ok());
}

Result<core::Hash256> LmdbStore::instance() {
  const Result<Lease> environment = lease();
  if (!environment) return environment.error();
  return (*environment)->layout().instance;
}

Result<core::StoreMoment> LmdbStore::moment() {
  return read<core::StoreMoment>(
      [](const Tables& tables) -> Result<core::StoreMoment> { return tables.moment(); });
}

Result<core::Look> LmdbStore::find(const core::RecordKey& key) {
  {
    // Most requests meet nothing new, and so need no transaction.
    const Result<Lease> environment = lease();
    if (!environment) return environment.error();
    Environment& here = **environment;
    std::optional<core::Look> known = here.looks().find_known(key, here.moment());
    if (known) return *std::move(known);
  }
  const Result<LeasedReading> reading = begin_reading();
  if (!reading) return reading.error();
  return reading->lease->looks().find(reading->reading.tables(), key);
}

Result<core::Opened> LmdbStore::open(const core::Opening& opening) {
  return write<core::Opened>([&](Tables& tables) { return open_session(tables, opening); });
}

Result<core::VerifyOutcome> LmdbStore::note_verified(const core::Verification& verification) {
  return write<core::VerifyOutcome>(
      [&](Tables& tables) { return store::note_verified(tables, verification); });
}

Result<bool> LmdbStore::end(const core::RecordKey& key, core::EndReason reason,
                            core::TimePoint at) {
  return write<bool>([&](Tables& tables) { return end_session(tables, key, reason, at); });
}

Result<core::Closed> LmdbStore::close(const core::Closing& closing) {
  return write<core::Closed>([&](Tables& tables) { return close_lineage(tables, closing); });
}

Result<std::uint64_t> LmdbStore::sweep(const core::Sweep& sweep, core::TimePoint /*at*/) {
  return write<std::uint64_t>([&](Tables& tables) { return raise_epoch(tables, sweep); });
}

Result<std::size_t> LmdbStore::touch(std::span<const core::Touch> touches) {
  std::size_t moved = 0;
  while (!touches.empty()) {
    const auto some = touches.first(std::min(touches.size(), kTouchesAtOnce));
    const Result<std::size_t> touched =
        write<std::size_t>([&](Tables& tables) { return touch_sessions(tables, some); });
    if (!touched) return touched;
    moved += *touched;
    touches = touches.subspan(some.size());
  }
  return moved;
}

Result<core::ListPage> LmdbStore::list(const std::optional<core::RecordKey>& from,
                                       std::size_t limit) {
  return read<core::ListPage>([&](const Tables& tables) -> Result<core::ListPage> {
    Result<Tables::Scan> scan = tables.scan(from);
    if (!scan) return scan.error();
    core::ListPage page;
    for (;;) {
      Result<std::optional<Tables::Scan::Entry>> entry = scan->next();
      if (!entry) return entry.error();
      if (!*entry) return page;
      std::optional<core::Session>& session = (*entry)->record.session;
      if (!session) continue;
      if (page.sessions.size() == limit) {
        page.next = (*entry)->key;
        return page;
      }
      const Result<std::optional<core::EndReason>> outgrown = tables.outgrown(*session);
      if (!outgrown) return outgrown.error();
      page.sessions.push_back(
          {.key = (*entry)->key, .session = std::move(*session), .outgrown = *outgrown});
    }
  });
}

Result<core::IndexPage> LmdbStore::list_of(const core::Identity& user, std::string_view zone,
                                           const std::optional<core::Position>& from,
                                           std::size_t limit) {
  return read<core::IndexPage>([&](const Tables& tables) {
    return tables.session_index().list_of(user, zone, from, limit);
  });
}

Result<core::IndexPage> LmdbStore::list_by_name(std::string_view beginning,
                                                const std::optional<core::Position>& from,
                                                std::size_t limit) {
  return read<core::IndexPage>([&](const Tables& tables) {
    return tables.session_index().list_by_name(beginning, from, limit);
  });
}

Result<core::Purged> LmdbStore::purge(const std::optional<core::RecordKey>& from, std::size_t limit,
                                      core::TimePoint now) {
  std::vector<core::RecordKey> forgettable;
  Result<core::Purged> purged =
      read<core::Purged>([&](const Tables& tables) -> Result<core::Purged> {
        Result<Tables::Scan> scan = tables.scan(from);
        if (!scan) return scan.error();
        core::Purged seen;
        for (;; ++seen.scanned) {
          const Result<std::optional<Tables::Scan::Entry>> entry = scan->next();
          if (!entry) return entry.error();
          if (!*entry) return seen;
          if (seen.scanned == limit) {
            seen.next = (*entry)->key;
            return seen;
          }
          const core::Record& record = (*entry)->record;
          if (core::forgettable_from(record) <= now) forgettable.push_back((*entry)->key);
          const Result<bool> live = may_be_live(tables, record, now);
          if (!live) return live.error();
          if (*live) ++seen.live[record.session->zone];
        }
      });
  if (!purged || forgettable.empty()) return purged;

  const Result<Lease> environment = lease();
  if (!environment) return environment.error();
  const std::size_t at_once = removals_at_once(**environment);
  std::span<const core::RecordKey> rest(forgettable);
  while (!rest.empty()) {
    const auto some = rest.first(std::min(rest.size(), at_once));
    const auto begin = std::chrono::steady_clock::now();
    const Result<std::size_t> removed =
        write<std::size_t>([&](Tables& tables) { return remove_forgettable(tables, some, now); });
    if (!removed) return removed.error();
    purged->removed += *removed;
    rest = rest.subspan(some.size());
    if (!rest.empty()) make_way(std::chrono::steady_clock::now() - begin);
  }
  return purged;
}

Result<Done> LmdbStore::heal(std::uint64_t calls_a_reading) {
  {
    const Result<Lease> environment = lease_for_writing();
    if (!environment) return environment.error();
    SharedNumbers& numbers = (*environment)->numbers();
    const bool due = numbers.count_care() % calls_a_reading == 0;
    if (!due && !numbers.damage_reported()) return Done{};
    Result<Done> examined = examine(**environment);
    if (!examined) {
      options_.log(Severity::Error, examined.error().detail);
      return examined;
    }
  }
  const Result<Lease> anew = lease();
  if (!anew) return anew.error();
  return Done{};
}

// A sound store is read without the lock, which whoever opens the store would wait for. What looks
// otherwise may be another process at work on the file, so it is read again under the lock, and
// set aside only if nobody was quicker.
Result<Done> LmdbStore::examine(Environment& environment) {
  if (const Result<std::optional<Unfit>> unfit = read_through(options_); unfit && !*unfit) {
    environment.numbers().clear_damage();
    return Done{};
  }
  const Result<DirectoryLock> lock = DirectoryLock::take(options_.directory);
  if (!lock) return lock.error();
  if (!environment.is_current()) return Done{};
  const Result<std::optional<Unfit>> unfit = read_through(options_);
  if (!unfit) return unfit.error();
  if (*unfit) {
    return set_aside(options_.directory, environment.numbers(), **unfit, options_.log);
  }
  environment.numbers().clear_damage();
  return Done{};
}

Result<std::optional<std::string>> LmdbStore::watch_cookie(const core::WatchId& watch) {
  return read<std::optional<std::string>>(
      [&](const Tables& tables) { return tables.ledger(watch).cookie(); });
}

Result<std::optional<core::WatchedEntry>> LmdbStore::watched(const core::WatchId& watch,
                                                             const core::EntryUuid& uuid) {
  return read<std::optional<core::WatchedEntry>>(
      [&](const Tables& tables) { return tables.ledger(watch).entry(uuid); });
}

Result<std::optional<core::WatchedEntry>> LmdbStore::watched_by_dn(const core::WatchId& watch,
                                                                   std::string_view dn) {
  return read<std::optional<core::WatchedEntry>>(
      [&](const Tables& tables) { return tables.ledger(watch).entry_by_dn(dn); });
}

Result<core::WatchPage> LmdbStore::list_watched(const core::WatchId& watch,
                                                const std::optional<core::EntryUuid>& from,
                                                std::size_t limit) {
  return read<core::WatchPage>(
      [&](const Tables& tables) { return tables.ledger(watch).list(from, limit); });
}

Result<Done> LmdbStore::apply(const core::WatchId& watch, const core::WatchChanges& changes) {
  return write<Done>([&](Tables& tables) { return apply_watch_changes(tables, watch, changes); });
}

Result<Contents> LmdbStore::contents() {
  return read<Contents>([](const Tables& tables) { return read_contents(tables); });
}

Result<bool> LmdbStore::fill(const Contents& contents) {
  return write<bool>([&](Tables& tables) { return fill_empty(tables, contents); });
}

Result<Done> LmdbStore::keep_watches(std::span<const core::WatchId> watches) {
  const Result<Lease> environment = lease();
  if (!environment) return environment.error();
  const std::size_t at_once = removals_at_once(**environment);
  for (;;) {
    const Result<bool> all =
        write<bool>([&](Tables& tables) { return forget_other_books(tables, watches, at_once); });
    if (!all) return all.error();
    if (*all) return Done{};
  }
}

void LmdbStore::notice_removal() { static_cast<void>(lease_for_writing().ok()); }

Result<std::size_t> LmdbStore::reader_check() {
  const Result<Lease> environment = lease();
  if (!environment) return environment.error();
  return (*environment)->reclaim_readers();
}

// The environment, for the length of one operation.
Result<LmdbStore::Lease> LmdbStore::lease() {
  {
    const std::shared_lock lock(environment_mutex_);
    if (environment_ && environment_->is_current()) return environment_;
  }
  return reopen();
}

Result<LmdbStore::Lease> LmdbStore::reopen() {
  const std::lock_guard reopening(reopening_);
  Lease old;
  {
    const std::lock_guard lock(environment_mutex_);
    if (environment_ && environment_->is_current()) return environment_;
    old.swap(environment_);
  }
  if (old) {
    if (!old->was_set_aside()) {
      must_close_first_ = old->closed();
      closes_by_ = std::chrono::steady_clock::now() + kWaitForTheOthers;
    }
    old.reset();
  }
  while (must_close_first_ && !must_close_first_->load() &&
         std::chrono::steady_clock::now() < closes_by_) {
    std::this_thread::sleep_for(kBetweenLooks);
  }
  if (must_close_first_ && !must_close_first_->load()) {
    return Error{ErrorCode::Unavailable,
                 "The session store in " + options_.directory + " is being reopened."};
  }
  must_close_first_.reset();
  const auto now = options_.clock();
  if (last_failure_ && now < next_attempt_) return *last_failure_;

  Result<Lease> opened = Environment::open(options_);
  if (!opened) {
    if (!last_failure_ || last_failure_->detail != opened.error().detail) {
      options_.log(Severity::Error, opened.error().detail);
    }
    last_failure_ = opened.error();
    next_attempt_ = now + kBetweenAttempts;
    return opened;
  }
  if (last_failure_) {
    options_.log(Severity::Info, "The session store in " + options_.directory + " is open again.");
  }
  last_failure_.reset();
  const std::lock_guard lock(environment_mutex_);
  environment_ = *opened;
  return opened;
}

// Once more where a writer's failure has just made the environment unusable: who only reads need
// not suffer from that.
Result<LmdbStore::LeasedReading> LmdbStore::begin_reading() {
  for (bool is_second = false;; is_second = true) {
    Result<Lease> environment = lease();
    if (!environment) return environment.error();
    Result<Environment::Reading> reading = (*environment)->read();
    if (reading) return LeasedReading{*std::move(environment), *std::move(reading)};
    if (is_second || (*environment)->is_current()) return reading.error();
  }
}

// What is written must be found by others: not into a file that somebody has taken away.
Result<LmdbStore::Lease> LmdbStore::lease_for_writing() {
  {
    Result<Lease> environment = lease();
    if (!environment || (*environment)->file_is_in_place()) return environment;
    if (!(*environment)->was_set_aside()) {
      options_.log(Severity::Error, "The session store in " + options_.directory +
                                        " was removed while it was in use, or is out of reach. "
                                        "Unless it is found again, a new one is begun and "
                                        "everybody logs in again.");
    }
    (*environment)->retire();
  }
  return lease();
}

template <typename T>
Result<T> LmdbStore::read(const std::function<Result<T>(Tables&)>& operation) {
  const Result<LeasedReading> reading = begin_reading();
  if (!reading) return reading.error();
  Tables tables = reading->reading.tables();
  return operation(tables);
}

template <typename T>
Result<T> LmdbStore::write(const std::function<Result<T>(Tables&)>& operation) {
  std::optional<Result<T>> last;
  const Operation attempt = [&](Tables& tables) -> Result<Done> {
    last.emplace(operation(tables));
    if (!*last) return last->error();
    return Done{};
  };
  if (Result<Done> done = group_commit_.run(attempt); !done) return done.error();
  return std::move(*last);
}

void LmdbStore::commit(std::span<CommitRequest* const> requests) {
  const Result<Lease> environment = lease_for_writing();
  if (!environment) {
    for (CommitRequest* request : requests) request->error = environment.error();
    return;
  }
  commit_together(**environment, requests);
}

}  // namespace epoch::store
