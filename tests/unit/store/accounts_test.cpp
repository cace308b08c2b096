// What a directory means to the store: accounts and their epochs, verifications, and the watcher's
// ledger. Held by the store in memory and by LMDB alike, also while they fail now and then.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "core/account.h"
#include "failing_store.h"
#include "memory_store.h"
#include "persistent_store.h"
#include "store/lmdb_store.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

using core::AccountId;
using core::EndReason;
using core::EntryUuid;
using core::Opening;
using core::OpenOutcome;
using core::Seconds;
using core::VerifyOutcome;
using core::WatchedEntry;

const AccountId kAlice = core::account_of("ldap://one/", "cn=alice");
const AccountId kBob = core::account_of("ldap://one/", "cn=bob");
const core::WatchId kWatch = numbered(1);
const core::WatchId kOtherWatch = numbered(2);

// Both faces of one store.
struct Both {
  std::shared_ptr<core::SessionStore> sessions;
  std::shared_ptr<core::WatchLedger> ledger;
};

template <typename Store>
Both both(std::unique_ptr<Store> only) {
  const std::shared_ptr<Store> store = std::move(only);
  return {store, store};
}

std::unique_ptr<MemoryStore> in_memory(const ScratchDirectory& /*directory*/) {
  return std::make_unique<MemoryStore>(numbered(42));
}

std::unique_ptr<LmdbStore> in_lmdb(const ScratchDirectory& directory) {
  return std::make_unique<LmdbStore>(options_for(directory));
}

std::unique_ptr<Persistent> failing_every_second_call(std::unique_ptr<core::SessionStore> store) {
  return std::make_unique<Persistent>(std::make_unique<FailingStore>(std::move(store), 2), false);
}

struct Kind {
  std::string name;
  std::function<Both(const ScratchDirectory&)> make;
};

// What a failure shows. The bytes of a Kind, which it would show else, are partly nobody's.
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

EntryUuid uuid(std::uint8_t n) {
  EntryUuid uuid{};
  uuid.back() = n;
  return uuid;
}

WatchedEntry entry(std::uint8_t n, const std::string& dn) {
  return {.uuid = uuid(n),
          .dn = dn,
          .state = {.password_time = n, .password_value = {}, .barred = false, .expires = {}}};
}

class AccountsContract : public testing::TestWithParam<Kind> {
 protected:
  AccountsContract() : both_(GetParam().make(directory_)) {}

  core::SessionStore& sessions() { return *both_.sessions; }
  core::WatchLedger& ledger() { return *both_.ledger; }

  Opening opening(std::uint64_t number, const std::string& user,
                  const std::optional<AccountId>& account) {
    Opening opening = login(number, new_client(number), *sessions().moment());
    opening.session.identity.user = user;
    opening.session.identity.account = account;
    return opening;
  }

  Opening opened(std::uint64_t number, const std::string& user,
                 const std::optional<AccountId>& account) {
    const Opening wanted = opening(number, user, account);
    EXPECT_EQ(sessions().open(wanted)->outcome, OpenOutcome::Opened);
    return wanted;
  }

  std::optional<EndReason> outgrown(const Opening& opening) {
    return (*sessions().find(opening.key)).found->outgrown;
  }

  void apply(const core::WatchChanges& changes, const core::WatchId& watch = kWatch) {
    ASSERT_TRUE(ledger().apply(watch, changes).ok());
  }

  void revoke(const AccountId& account, EndReason reason) {
    core::WatchChanges changes;
    changes.revoke.push_back({.account = account, .reason = reason});
    apply(changes);
  }

  VerifyOutcome verify(const Opening& opening, const core::Identity& identity, Seconds later) {
    return *sessions().note_verified(
        {.key = opening.key, .identity = identity, .at = opening.now + later});
  }

  ScratchDirectory directory_;
  Both both_;
};

TEST_P(AccountsContract, ARevocationEndsTheAccountsSessionsInEveryZoneAndNobodyElses) {
  const Opening here = opened(1, "alice", kAlice);
  Opening elsewhere = opening(2, "Alice", kAlice);
  elsewhere.session.zone = "another zone";
  ASSERT_EQ(sessions().open(elsewhere)->outcome, OpenOutcome::Opened);
  const Opening bob = opened(3, "bob", kBob);
  const Opening without = opened(4, "alice", std::nullopt);
  revoke(kAlice, EndReason::PasswordChanged);
  EXPECT_EQ(outgrown(here), EndReason::PasswordChanged);
  EXPECT_EQ(outgrown(elsewhere), EndReason::PasswordChanged);
  EXPECT_EQ(outgrown(bob), std::nullopt);
  EXPECT_EQ(outgrown(without), std::nullopt);
  const core::ListPage page = *sessions().list(std::nullopt, 10);
  for (const core::Listed& listed : page.sessions) {
    EXPECT_EQ(listed.outgrown.has_value(), listed.session.identity.account == kAlice);
  }
}

TEST_P(AccountsContract, TheLastRevocationTellsTheReason) {
  const Opening alice = opened(1, "alice", kAlice);
  revoke(kAlice, EndReason::PasswordChanged);
  revoke(kAlice, EndReason::AccountGone);
  EXPECT_EQ(outgrown(alice), EndReason::AccountGone);
}

TEST_P(AccountsContract, ALoginThatBeganBeforeTheRevocationOpensNothing) {
  const Opening under_way = opening(1, "alice", kAlice);
  const Opening of_bob = opening(2, "bob", kBob);
  revoke(kAlice, EndReason::PasswordChanged);
  EXPECT_EQ(sessions().open(under_way)->outcome, OpenOutcome::Conflict);
  EXPECT_EQ(sessions().open(of_bob)->outcome, OpenOutcome::Opened);
  EXPECT_EQ(outgrown(opened(3, "alice", kAlice)), std::nullopt) << "the next login is a new one";
}

TEST_P(AccountsContract, TwoSpellingsOfANameAreOnePersonToALogoutEverywhere) {
  const Opening lower = opened(1, "alice", kAlice);
  const Opening upper = opened(2, "Alice", kAlice);
  const Opening bob = opened(3, "bob", kBob);
  ASSERT_TRUE(sessions()
                  .sweep({.reach = core::Reach::UserInZone,
                          .zone = lower.session.zone,
                          .subject = core::subject_of(lower.session.identity),
                          .except = std::nullopt},
                         kNoon)
                  .ok());
  EXPECT_EQ(outgrown(lower), EndReason::EpochGrown);
  EXPECT_EQ(outgrown(upper), EndReason::EpochGrown);
  EXPECT_EQ(outgrown(bob), std::nullopt);
}

TEST_P(AccountsContract, ASweepDoesNotCarryOverWhatTheDirectoryHasRevoked) {
  const Opening alice = opened(1, "alice", kAlice);
  revoke(kAlice, EndReason::AccountBarred);
  ASSERT_TRUE(sessions()
                  .sweep({.reach = core::Reach::UserInZone,
                          .zone = alice.session.zone,
                          .subject = core::subject_of(alice.session.identity),
                          .except = alice.key},
                         kNoon)
                  .ok());
  EXPECT_EQ(outgrown(alice), EndReason::AccountBarred);
}

TEST_P(AccountsContract, AVerificationKeepsWhatTheProviderFound) {
  const Opening alice = opened(1, "alice", kAlice);
  const core::Identity found{.user = "alice@example.org",
                             .account = kAlice,
                             .dn = "cn=alice",
                             .variables = {{"AUTHENTICATE_MAIL", "alice@example.org"}}};
  EXPECT_EQ(verify(alice, found, Seconds(60)), VerifyOutcome::Noted);
  const core::Session session = *sessions().find(alice.key)->found->record.session;
  EXPECT_EQ(session.identity, found);
  EXPECT_EQ(session.verified, alice.now + Seconds(60));
  EXPECT_EQ(session.authenticated, alice.session.authenticated) << "nobody has typed anything";
}

TEST_P(AccountsContract, AnEarlierVerificationThatComesLateMovesNothingBack) {
  const Opening alice = opened(1, "alice", kAlice);
  const core::Identity same = alice.session.identity;
  EXPECT_EQ(verify(alice, same, Seconds(60)), VerifyOutcome::Noted);
  EXPECT_EQ(verify(alice, same, Seconds(30)), VerifyOutcome::Noted);
  EXPECT_EQ(sessions().find(alice.key)->found->record.session->verified, alice.now + Seconds(60));
}

TEST_P(AccountsContract, AVerificationOfAnotherAccountIsNotedNowhere) {
  const Opening alice = opened(1, "alice", kAlice);
  EXPECT_EQ(verify(alice, {.user = "alice", .account = kBob}, Seconds(60)), VerifyOutcome::Another);
  EXPECT_EQ(verify(alice, {.user = "alice"}, Seconds(60)), VerifyOutcome::Another);
  EXPECT_EQ(sessions().find(alice.key)->found->record.session->identity.account, kAlice);
}

TEST_P(AccountsContract, AVerificationRevivesNothing) {
  const Opening ended = opened(1, "alice", kAlice);
  ASSERT_TRUE(*sessions().end(ended.key, EndReason::LoggedOut, kNoon));
  EXPECT_EQ(verify(ended, ended.session.identity, Seconds(60)), VerifyOutcome::Over);
  EXPECT_TRUE(sessions().find(ended.key)->found->record.session->end);

  const Opening revoked = opened(2, "alice", kAlice);
  revoke(kAlice, EndReason::PasswordChanged);
  EXPECT_EQ(verify(revoked, revoked.session.identity, Seconds(60)), VerifyOutcome::Over);
  EXPECT_EQ(outgrown(revoked), EndReason::PasswordChanged);

  const Opening unknown = opening(3, "alice", kAlice);
  EXPECT_EQ(verify(unknown, unknown.session.identity, Seconds(60)), VerifyOutcome::Over);
  EXPECT_FALSE(sessions().find(unknown.key)->found);
}

TEST_P(AccountsContract, TheLedgerKeepsEntriesUnderTheirUuidAndTheirDn) {
  apply({.erase = {}, .put = {entry(1, "cn=Alice")}, .revoke = {}, .cookie = {}});
  EXPECT_EQ(*ledger().watched(kWatch, uuid(1)), entry(1, "cn=Alice"));
  EXPECT_EQ(*ledger().watched_by_dn(kWatch, "CN=alice"), entry(1, "cn=Alice"));
  EXPECT_EQ(*ledger().watched(kWatch, uuid(2)), std::nullopt);
  EXPECT_EQ(*ledger().watched_by_dn(kWatch, "cn=bob"), std::nullopt);
}

TEST_P(AccountsContract, ARenamedEntryIsFoundUnderItsNewDnAlone) {
  apply({.erase = {}, .put = {entry(1, "cn=alice")}, .revoke = {}, .cookie = {}});
  apply({.erase = {}, .put = {entry(1, "cn=alicia")}, .revoke = {}, .cookie = {}});
  EXPECT_EQ(*ledger().watched_by_dn(kWatch, "cn=alice"), std::nullopt);
  EXPECT_EQ(*ledger().watched_by_dn(kWatch, "cn=alicia"), entry(1, "cn=alicia"));
}

TEST_P(AccountsContract, TwoEntriesMaySwapTheirDns) {
  apply({.erase = {}, .put = {entry(1, "cn=a"), entry(2, "cn=b")}, .revoke = {}, .cookie = {}});
  apply({.erase = {}, .put = {entry(1, "cn=b"), entry(2, "cn=a")}, .revoke = {}, .cookie = {}});
  EXPECT_EQ((*ledger().watched_by_dn(kWatch, "cn=a"))->uuid, uuid(2));
  EXPECT_EQ((*ledger().watched_by_dn(kWatch, "cn=b"))->uuid, uuid(1));
}

TEST_P(AccountsContract, AnEntryMadeAnewKeepsItsDn) {
  apply({.erase = {}, .put = {entry(1, "cn=alice")}, .revoke = {}, .cookie = {}});
  apply({.erase = {uuid(1)}, .put = {entry(2, "cn=alice")}, .revoke = {}, .cookie = {}});
  EXPECT_EQ((*ledger().watched_by_dn(kWatch, "cn=alice"))->uuid, uuid(2));
  EXPECT_EQ(*ledger().watched(kWatch, uuid(1)), std::nullopt);
}

TEST_P(AccountsContract, AnEntryWhoseDnWasTakenOverLeavesItToTheOther) {
  apply({.erase = {}, .put = {entry(1, "cn=alice")}, .revoke = {}, .cookie = {}});
  apply({.erase = {}, .put = {entry(2, "cn=alice")}, .revoke = {}, .cookie = {}});
  apply({.erase = {uuid(1)}, .put = {}, .revoke = {}, .cookie = {}});
  EXPECT_EQ((*ledger().watched_by_dn(kWatch, "cn=alice"))->uuid, uuid(2));
}

TEST_P(AccountsContract, TwoWatchesDoNotSeeEachOther) {
  apply({.erase = {}, .put = {entry(1, "cn=alice")}, .revoke = {}, .cookie = "here"});
  EXPECT_EQ(*ledger().watched(kOtherWatch, uuid(1)), std::nullopt);
  EXPECT_EQ(*ledger().watched_by_dn(kOtherWatch, "cn=alice"), std::nullopt);
  EXPECT_EQ(*ledger().watch_cookie(kOtherWatch), std::nullopt);
  EXPECT_TRUE(ledger().list_watched(kOtherWatch, std::nullopt, 10)->entries.empty());
}

TEST_P(AccountsContract, TheCookieStaysUntilThereIsANewOne) {
  EXPECT_EQ(*ledger().watch_cookie(kWatch), std::nullopt);
  apply({.erase = {}, .put = {}, .revoke = {}, .cookie = std::string("rid=001\0x", 9)});
  apply({.erase = {}, .put = {entry(1, "cn=alice")}, .revoke = {}, .cookie = {}});
  EXPECT_EQ(*ledger().watch_cookie(kWatch), std::string("rid=001\0x", 9));
  apply({.erase = {}, .put = {}, .revoke = {}, .cookie = ""});
  EXPECT_EQ(*ledger().watch_cookie(kWatch), "");
}

TEST_P(AccountsContract, EntriesAreListedInPages) {
  core::WatchChanges changes;
  for (std::uint8_t n = 1; n <= 5; ++n) changes.put.push_back(entry(n, "cn=" + std::to_string(n)));
  apply(changes);
  apply(changes, kOtherWatch);
  std::vector<WatchedEntry> all;
  std::optional<EntryUuid> from;
  do {
    const core::WatchPage page = *ledger().list_watched(kWatch, from, 2);
    EXPECT_LE(page.entries.size(), 2U);
    all.insert(all.end(), page.entries.begin(), page.entries.end());
    from = page.next;
  } while (from);
  EXPECT_EQ(all, changes.put);
}

INSTANTIATE_TEST_SUITE_P(
    Stores, AccountsContract,
    testing::Values(
        Kind{"Memory",
             [](const ScratchDirectory& directory) { return both(in_memory(directory)); }},
        Kind{"Lmdb", [](const ScratchDirectory& directory) { return both(in_lmdb(directory)); }},
        Kind{"MemoryFailingEverySecondCall",
             [](const ScratchDirectory& directory) {
               return both(failing_every_second_call(in_memory(directory)));
             }},
        Kind{"LmdbFailingEverySecondCall",
             [](const ScratchDirectory& directory) {
               return both(failing_every_second_call(in_lmdb(directory)));
             }},
        Kind{"LmdbOnADiskThatIsFullAtFirst",
             [](const ScratchDirectory& directory) {
               return both(std::make_unique<Persistent>(in_lmdb(directory), true));
             }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace epoch::store
