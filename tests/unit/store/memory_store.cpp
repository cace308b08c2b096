#include "memory_store.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/text.h"

namespace epoch::store {
namespace {

using core::Record;
using core::RecordKey;
using core::Result;
using core::Session;

// Names of epochs. A length makes ("a", "bc") differ from ("ab", "c").
const std::string kEverything = "everything";
std::string zone_name(const std::string& zone) { return "zone " + zone; }
std::string user_name(const std::string& zone, const std::string& user) {
  return "user " + std::to_string(zone.size()) + " " + zone + user;
}

std::string account_name(const std::optional<core::AccountId>& account) {
  return account ? "account " + std::string(core::text_of(*account)) : "no account";
}

std::string folded(std::string_view dn) {
  std::string lower(dn);
  std::transform(lower.begin(), lower.end(), lower.begin(), core::ascii_lower);
  return lower;
}

// In the order of logins.
std::string place_of(const Session& session, const RecordKey& key) {
  const std::string time = std::to_string(session.created.time_since_epoch().count());
  return std::string(20 - time.size(), '0') + time + core::public_id(key);
}

std::string name_of(const core::Sweep& sweep) {
  if (sweep.reach == core::Reach::UserInZone) return user_name(sweep.zone, sweep.subject);
  return sweep.reach == core::Reach::Zone ? zone_name(sweep.zone) : kEverything;
}

}  // namespace

Result<core::Hash256> MemoryStore::instance() { return instance_; }

Result<core::StoreMoment> MemoryStore::moment() {
  core::StoreMoment moment{.instance = 0, .commit = commits_};
  std::memcpy(&moment.instance, instance_.data(), sizeof moment.instance);
  return moment;
}

Result<core::Look> MemoryStore::find(const RecordKey& key) {
  core::Look look{.found = nullptr, .moment = *moment()};
  if (const Record* record = this->record(key)) {
    core::Found found{.record = *record, .outgrown = std::nullopt};
    if (record->session) found.outgrown = outgrown(*record->session);
    look.found = std::make_shared<const core::Found>(std::move(found));
  }
  return look;
}

Result<core::Opened> MemoryStore::open(const core::Opening& opening) {
  const core::Opened conflict{.outcome = core::OpenOutcome::Conflict, .session = {}};
  const Session& wanted = opening.session;
  if (opening.seen.instance != moment()->instance || opening.seen.commit > commits_) {
    return conflict;
  }
  for (const std::string& name : {kEverything, zone_name(wanted.zone),
                                  user_name(wanted.zone, core::subject_of(wanted.identity)),
                                  account_name(wanted.identity.account)}) {
    if (epoch(name).commit > opening.seen.commit) return conflict;
  }
  if (const Record* present = record(opening.key)) {
    if (!is_live(opening.root, opening)) return conflict;
    return core::Opened{.outcome = core::OpenOutcome::Joined, .session = *present->session};
  }
  const RecordKey root_key = core::record_key_of(opening.follows.root);
  if (const Record* root = record(root_key)) {
    if (root->succession.generation != opening.follows.generation) return conflict;
    if (root->succession.successor && !is_live(*root->succession.successor, opening)) {
      return conflict;
    }
  }
  std::vector<core::NamedSession> ending;
  if (!make_room(opening, ending)) {
    return core::Opened{.outcome = core::OpenOutcome::TooMany, .session = {}};
  }

  ++commits_;
  Record opened;
  opened.session = wanted;
  opened.session->opened_under = epochs(wanted);
  opened.session->end.reset();
  records_[opening.key] = opened;
  const auto [followed, is_new] = records_.try_emplace(root_key);
  if (is_new) followed->second.succession.generation = opening.follows.generation;
  const std::optional<core::Hash256> sibling = followed->second.succession.successor;
  core::Opened done{.outcome = core::OpenOutcome::Opened, .session = *opened.session};
  supersede(root_key, opening, done);
  if (sibling) supersede(core::record_key_of(*sibling), opening, done);
  for (const core::NamedSession& each : ending) records_.at(each.key).session = *each.session;
  done.ended.insert(done.ended.end(), ending.begin(), ending.end());
  return done;
}

Result<core::VerifyOutcome> MemoryStore::note_verified(const core::Verification& verification) {
  Record* found = record(verification.key);
  if (found == nullptr || !found->session || found->session->end || outgrown(*found->session)) {
    return core::VerifyOutcome::Over;
  }
  Session& session = *found->session;
  if (core::subject_of(session.identity) != core::subject_of(verification.identity)) {
    return core::VerifyOutcome::Another;
  }
  if (core::knows_later(session, verification.at)) return core::VerifyOutcome::Noted;
  session.identity = verification.identity;
  session.verified = verification.at;
  ++commits_;
  return core::VerifyOutcome::Noted;
}

Result<bool> MemoryStore::end(const RecordKey& key, core::EndReason reason, core::TimePoint at) {
  Record* found = record(key);
  if (found == nullptr || !found->session || found->session->end) return false;
  ++commits_;
  found->session->end = core::End{.reason = reason, .at = at};
  return true;
}

Result<core::Closed> MemoryStore::close(const core::Closing& closing) {
  ++commits_;
  core::Closed closed;
  std::set<RecordKey> passed;
  core::Hash256 root = closing.root;
  Record* last = nullptr;
  for (;;) {
    const RecordKey key = core::record_key_of(root);
    Record* here = record(key);
    if (here == nullptr || !passed.insert(key).second) break;
    last = here;
    closed.next = core::Lineage{.root = root};
    if (here->session && !here->session->end) {
      here->session->end = core::End{.reason = closing.reason, .at = closing.at};
      closed.ended.push_back(key);
    }
    if (!here->succession.successor) break;
    root = *here->succession.successor;
  }
  if (last != nullptr) {
    closed.next->generation = ++last->succession.generation;
    last->succession.changed = closing.at;
  }
  if (closing.sweep) static_cast<void>(*sweep(*closing.sweep, closing.at));
  return closed;
}

Result<std::uint64_t> MemoryStore::sweep(const core::Sweep& sweep, core::TimePoint /*at*/) {
  Record* spared = sweep.except ? record(*sweep.except) : nullptr;
  const bool carries_over =
      spared != nullptr && spared->session && !spared->session->end && !outgrown(*spared->session);
  Epoch& epoch = epochs_[name_of(sweep)];
  ++epoch.value;
  epoch.commit = ++commits_;
  epoch.reason = sweep.reason;
  if (carries_over) spared->session->opened_under = epochs(*spared->session);
  return epoch.value;
}

Result<std::size_t> MemoryStore::touch(std::span<const core::Touch> touches) {
  std::size_t moved = 0;
  for (const core::Touch& touch : touches) {
    Record* found = record(touch.key);
    if (found == nullptr || !found->session || found->session->end) continue;
    if (touch.seen <= found->session->last_seen) continue;
    found->session->last_seen = touch.seen;
    ++moved;
  }
  if (moved > 0) ++commits_;
  return moved;
}

Result<core::ListPage> MemoryStore::list(const std::optional<RecordKey>& from, std::size_t limit) {
  core::ListPage page;
  for (auto i = from ? records_.lower_bound(*from) : records_.begin(); i != records_.end(); ++i) {
    const std::optional<Session>& session = i->second.session;
    if (!session) continue;
    if (page.sessions.size() == limit) {
      page.next = i->first;
      break;
    }
    page.sessions.push_back({.key = i->first, .session = *session, .outgrown = outgrown(*session)});
  }
  return page;
}

Result<core::IndexPage> MemoryStore::list_of(const core::Identity& user, std::string_view zone,
                                             const std::optional<core::Position>& from,
                                             std::size_t limit) {
  return page_of(sessions_of(user, zone), from, limit);
}

Result<core::IndexPage> MemoryStore::list_by_name(std::string_view beginning,
                                                  const std::optional<core::Position>& from,
                                                  std::size_t limit) {
  const std::string wanted = folded(beginning);
  Ordered all;
  for (const auto& [key, record] : records_) {
    if (!record.session || record.session->end || outgrown(*record.session)) continue;
    const std::string name = folded(record.session->identity.user);
    if (!name.starts_with(wanted)) continue;
    all.emplace(name + '\0' + record.session->zone + '\0' + place_of(*record.session, key),
                core::NamedSession{.key = key, .session = *record.session});
  }
  return page_of(all, from, limit);
}

Result<core::Purged> MemoryStore::purge(const std::optional<RecordKey>& from, std::size_t limit,
                                        core::TimePoint now) {
  core::Purged purged;
  auto i = from ? records_.lower_bound(*from) : records_.begin();
  while (i != records_.end() && purged.scanned < limit) {
    ++purged.scanned;
    const std::optional<Session>& session = i->second.session;
    if (session && !session->end && !outgrown(*session) && session->expires > now) {
      ++purged.live[session->zone];
    }
    if (core::forgettable_from(i->second) <= now) {
      i = records_.erase(i);
      ++purged.removed;
    } else {
      ++i;
    }
  }
  if (i != records_.end()) purged.next = i->first;
  if (purged.removed > 0) ++commits_;
  return purged;
}

Result<std::optional<std::string>> MemoryStore::watch_cookie(const core::WatchId& watch) {
  return books_[watch].cookie;
}

Result<std::optional<core::WatchedEntry>> MemoryStore::watched(const core::WatchId& watch,
                                                               const core::EntryUuid& uuid) {
  const auto& entries = books_[watch].entries;
  const auto found = entries.find(uuid);
  return found == entries.end() ? std::optional<core::WatchedEntry>() : found->second;
}

Result<std::optional<core::WatchedEntry>> MemoryStore::watched_by_dn(const core::WatchId& watch,
                                                                     std::string_view dn) {
  const auto& owners = books_[watch].owners;
  const auto found = owners.find(folded(dn));
  return found == owners.end() ? std::optional<core::WatchedEntry>()
                               : watched(watch, found->second);
}

Result<core::WatchPage> MemoryStore::list_watched(const core::WatchId& watch,
                                                  const std::optional<core::EntryUuid>& from,
                                                  std::size_t limit) {
  core::WatchPage page;
  const auto& entries = books_[watch].entries;
  for (auto i = from ? entries.lower_bound(*from) : entries.begin(); i != entries.end(); ++i) {
    if (page.entries.size() == limit) {
      page.next = i->first;
      break;
    }
    page.entries.push_back(i->second);
  }
  return page;
}

Result<core::Done> MemoryStore::apply(const core::WatchId& watch,
                                      const core::WatchChanges& changes) {
  ++commits_;
  for (const core::Revocation& revocation : changes.revoke) {
    Epoch& epoch = epochs_[account_name(revocation.account)];
    ++epoch.value;
    epoch.commit = commits_;
    epoch.reason = revocation.reason;
  }
  Book& book = books_[watch];
  for (const core::EntryUuid& uuid : changes.erase) erase(book, uuid);
  for (const core::WatchedEntry& entry : changes.put) {
    erase(book, entry.uuid);
    book.entries[entry.uuid] = entry;
    book.owners[folded(entry.dn)] = entry.uuid;
  }
  if (changes.cookie) book.cookie = changes.cookie;
  return core::Done{};
}

void MemoryStore::erase(Book& book, const core::EntryUuid& uuid) {
  const auto found = book.entries.find(uuid);
  if (found == book.entries.end()) return;
  const auto owner = book.owners.find(folded(found->second.dn));
  if (owner != book.owners.end() && owner->second == uuid) book.owners.erase(owner);
  book.entries.erase(found);
}

MemoryStore::Epoch MemoryStore::epoch(const std::string& name) const {
  const auto found = epochs_.find(name);
  return found == epochs_.end() ? Epoch{} : found->second;
}

core::Epochs MemoryStore::epochs(const Session& session) const {
  return {.store = epoch(kEverything).value,
          .zone = epoch(zone_name(session.zone)).value,
          .user = epoch(user_name(session.zone, core::subject_of(session.identity))).value,
          .account = epoch(account_name(session.identity.account)).value};
}

std::optional<core::EndReason> MemoryStore::outgrown(const Session& session) const {
  const core::Epochs& then = session.opened_under;
  const std::string user = user_name(session.zone, core::subject_of(session.identity));
  std::optional<core::EndReason> reason;
  const auto look = [&](const std::string& name, std::uint64_t value) {
    if (epoch(name).value != value) reason = epoch(name).reason;
  };
  look(kEverything, then.store);
  look(zone_name(session.zone), then.zone);
  look(user, then.user);
  look(account_name(session.identity.account), then.account);
  return reason;
}

core::IndexPage MemoryStore::page_of(const Ordered& all, const std::optional<core::Position>& from,
                                     std::size_t limit) {
  core::IndexPage page;
  for (auto i = from ? all.lower_bound(*from) : all.begin(); i != all.end(); ++i) {
    if (page.sessions.size() == limit) {
      page.next = i->first;
      break;
    }
    page.sessions.push_back(i->second);
  }
  return page;
}

MemoryStore::Ordered MemoryStore::sessions_of(const core::Identity& user,
                                              std::string_view zone) const {
  Ordered all;
  for (const auto& [key, record] : records_) {
    if (!record.session || record.session->end || outgrown(*record.session)) continue;
    const Session& session = *record.session;
    if (session.zone != zone || core::subject_of(session.identity) != core::subject_of(user)) {
      continue;
    }
    all.emplace(place_of(session, key), core::NamedSession{.key = key, .session = session});
  }
  return all;
}

bool MemoryStore::make_room(const core::Opening& opening, std::vector<core::NamedSession>& ending) {
  if (!opening.session_limit) return true;
  const RecordKey followed = core::record_key_of(opening.follows.root);
  std::optional<RecordKey> sibling;
  const Record* root = record(followed);
  if (root != nullptr && root->succession.successor) {
    sibling = core::record_key_of(*root->succession.successor);
  }
  std::vector<core::NamedSession> live;
  std::vector<core::NamedSession> overdue;
  for (auto& [place, each] : sessions_of(opening.session.identity, opening.session.zone)) {
    if (each.key == followed || each.key == sibling) continue;
    const std::optional<core::EndReason> over =
        core::overdue(*each.session, std::nullopt, opening.limits, opening.now);
    if (over) mark_ended(each, *over, opening.now);
    (over ? overdue : live).push_back(each);
  }
  const core::SessionLimit& limit = *opening.session_limit;
  if (live.size() >= limit.most && limit.deny) return false;
  for (std::size_t i = 0; live.size() - i >= limit.most && i < live.size(); ++i) {
    mark_ended(live[i], core::EndReason::SessionLimit, opening.now);
    ending.push_back(live[i]);
  }
  ending.insert(ending.end(), overdue.begin(), overdue.end());
  return true;
}

bool MemoryStore::is_live(const core::Hash256& root, const core::Opening& opening) const {
  const auto found = records_.find(core::record_key_of(root));
  if (found == records_.end() || !found->second.session) return false;
  const Session& session = *found->second.session;
  return core::is_live(session, outgrown(session), opening.limits, opening.now);
}

Record* MemoryStore::record(const RecordKey& key) {
  const auto found = records_.find(key);
  return found == records_.end() ? nullptr : &found->second;
}

void MemoryStore::supersede(const RecordKey& key, const core::Opening& opening,
                            core::Opened& opened) {
  Record& old = records_.at(key);
  if (old.session && !old.session->end) {
    old.session->end = core::End{.reason = core::EndReason::Superseded, .at = opening.now};
    opened.ended.push_back({.key = key, .session = *old.session});
  }
  if (old.succession.successor) return;
  old.succession.successor = opening.root;
  old.succession.signing_key = opening.signing_key;
  old.succession.changed = opening.now;
}

}  // namespace epoch::store
