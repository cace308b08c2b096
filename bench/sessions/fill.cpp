// Fills a new store with sessions that are as those of a store httpd has written, but many.
//
//   fill <template directory> <new directory> <password> [<kind> <sessions>]...
//
// The template holds one live session of each user, who all have the same password. Each of the new
// sessions comes with the root of its lineage, as after a first login. Prints for each that lives
// the user and the value of the cookie.
//
//   seen        requests have no last-seen time to write: it lies an hour ahead
//   unseen      each session's first request has
//   unverified  each session's first request must ask the directory (AuthEpochRevalidate)
//   ended       all are there to be purged
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/cookie.h"
#include "core/credentials.h"
#include "core/lineage.h"
#include "store/lmdb_store.h"
#include "store/store_directory.h"

namespace {

using namespace epoch;  // NOLINT: one short program
using core::Seconds;

constexpr Seconds kAhead = std::chrono::hours(1);
constexpr Seconds kLongAgo = std::chrono::minutes(20);  // shorter than a session lives unseen
constexpr Seconds kForgettable = std::chrono::hours(72);

enum class Kind { Seen, Unseen, Unverified, Ended };

Kind kind_of(const std::string& word) {
  if (word == "seen") return Kind::Seen;
  if (word == "unseen") return Kind::Unseen;
  if (word == "unverified") return Kind::Unverified;
  if (word == "ended") return Kind::Ended;
  throw std::runtime_error("no such kind of sessions: " + word);
}

core::TimePoint now() { return std::chrono::floor<Seconds>(std::chrono::system_clock::now()); }

store::StoreOptions options_for(const std::string& directory) {
  store::StoreOptions options;
  options.directory = directory;
  return options;
}

std::vector<core::Session> templates_in(const std::string& directory) {
  store::LmdbStore store(options_for(directory));
  const core::Result<store::Contents> contents = store.contents();
  if (!contents) throw std::runtime_error(contents.error().detail);
  std::vector<core::Session> sessions;
  for (const auto& [key, record] : contents->records) {
    if (record.session && !record.session->end) sessions.push_back(*record.session);
  }
  if (sessions.empty()) throw std::runtime_error("there is no session to go by");
  return sessions;
}

core::SessionId id_of(std::size_t number) {
  return {core::sha256(
      {core::bytes_of("session of the bench"), core::bytes_of(std::to_string(number))})};
}

void set_times(core::Session& session, Kind kind) {
  if (kind == Kind::Seen) session.last_seen = now() + kAhead;
  if (kind == Kind::Unseen) session.last_seen = now() - kLongAgo;
  if (kind == Kind::Unverified) {
    session.created = session.authenticated = session.verified = now() - kLongAgo;
    session.last_seen = now() + kAhead;
  }
  if (kind == Kind::Ended) {
    session.created = session.authenticated = session.verified = session.last_seen =
        session.expires = now() - kForgettable;
    session.end = {.reason = core::EndReason::LoggedOut, .at = now() - kForgettable};
  }
}

// The session, and the random root of the client that it followed.
void add(store::Contents& contents, const core::SessionId& id, core::Session session, Kind kind) {
  const core::TimePoint changed = kind == Kind::Ended ? now() - kForgettable : now();
  const core::Hash256 root = core::lineage_root_of(id);
  core::Record first;
  first.succession = {.generation = 0, .successor = root, .signing_key = 1, .changed = changed};
  contents.records.emplace_back(
      core::record_key_of(core::sha256({core::bytes_of("root of"), root})), std::move(first));
  core::Record record;
  record.succession.changed = changed;
  record.session = std::move(session);
  contents.records.emplace_back(core::record_key_of(root), std::move(record));
}

void fill(const std::string& directory, const store::Contents& contents) {
  const core::Result<core::Done> made = store::make_directory(directory);
  if (!made) throw std::runtime_error(made.error().detail);
  store::LmdbStore store(options_for(directory));
  const core::Result<bool> filled = store.fill(contents);
  if (!filled) throw std::runtime_error(filled.error().detail);
  if (!*filled) throw std::runtime_error(directory + " has sessions already");
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 6) throw std::runtime_error("usage: fill template new password [kind sessions]...");
  const std::vector<core::Session> templates = templates_in(arguments[1]);
  store::Contents contents;
  std::size_t number = 0;
  for (int i = 4; i + 1 < count; i += 2) {
    const Kind kind = kind_of(arguments[i]);
    const std::size_t end = number + std::strtoull(arguments[i + 1], nullptr, 10);
    for (; number < end; ++number) {
      core::Session session = templates[number % templates.size()];
      const core::SessionId id = id_of(number);
      session.proof = core::proof_of(id, {session.identity.user, arguments[3]});
      set_times(session, kind);
      if (kind != Kind::Ended) {
        std::printf("%s %s\n", session.identity.user.c_str(), core::session_value(id).c_str());
      }
      add(contents, id, std::move(session), kind);
    }
  }
  fill(arguments[2], contents);
  return EXIT_SUCCESS;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "fill: %s\n", failure.what());
  return EXIT_FAILURE;
}
