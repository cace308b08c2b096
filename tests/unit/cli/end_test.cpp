#include "cli/end.h"

#include <gtest/gtest.h>

#include "cli_testing.h"
#include "store/memory_store.h"
#include "store/store_testing.h"

namespace epoch::cli {
namespace {

using core::EndReason;
using core::Opening;
using store::kNoon;
using store::open_new;

class End : public testing::Test {
 protected:
  int ended(const EndOrder& order, bool json = false) {
    written_.out.str("");
    written_.err.str("");
    return end(store_, written_.console, order, kNoon, json);
  }
  std::string out() const { return written_.out.str(); }
  std::string err() const { return written_.err.str(); }

  bool lives(const Opening& session) { return store::lives(store_, session.key); }

  // A session that a directory verified.
  Opening open_with_account(std::uint64_t number, const std::string& user,
                            const core::AccountId& account, const std::string& zone = "zone") {
    Opening opening = store::login(number, store::new_client(number), *store_.moment());
    opening.session.identity = {.user = user, .account = account};
    opening.session.zone = zone;
    EXPECT_EQ(store_.open(opening)->outcome, core::OpenOutcome::Opened);
    return opening;
  }

  store::MemoryStore store_;
  Written written_;
};

EndOrder of_user(const std::string& user) {
  EndOrder order;
  order.selection.user = user;
  return order;
}

TEST_F(End, ASessionEndsByTheDigitsThatTheLogShows) {
  const Opening alice = open_new(store_, 1);
  const Opening other = open_new(store_, 2);
  EXPECT_EQ(ended({.sessions = {core::short_id(alice.key)}}), kExitDone);
  EXPECT_EQ(out(), "Ended session " + core::short_id(alice.key) + " of alice\n");
  EXPECT_EQ(store_.find(alice.key)->found->record.session->end->reason,
            EndReason::EndedByAdministrator);
  EXPECT_TRUE(lives(other));
}

TEST_F(End, ASessionThatIsOverKeepsItsReason) {
  const Opening alice = open_new(store_, 1);
  ASSERT_TRUE(*store_.end(alice.key, EndReason::LoggedOut, kNoon));
  EXPECT_EQ(ended({.sessions = {id_of(alice.key)}}), kExitDone);
  EXPECT_EQ(out().find("Over already (logged-out): session "), 0U) << out();
  EXPECT_EQ(ended({.sessions = {id_of(alice.key)}}, true), kExitDone);
  EXPECT_EQ(out(), "{\"ended\":0,\"sessions\":[]}\n");
}

TEST_F(End, OneUnknownSessionAndNothingEnds) {
  const Opening alice = open_new(store_, 1);
  for (const char* unknown : {"00000000", "alice", "1234567", "../../../"}) {
    EXPECT_EQ(ended({.sessions = {id_of(alice.key), unknown}}), kExitNotFound) << unknown;
    EXPECT_NE(err().find(unknown), std::string::npos) << err();
  }
  EXPECT_TRUE(lives(alice));
}

TEST_F(End, AUsersSessionsEndInAllZonesAndNobodyElses) {
  const Opening here = open_new(store_, 1, "alice", "zone");
  const Opening there = open_new(store_, 2, "alice", "elsewhere");
  const Opening bob = open_new(store_, 3, "bob", "zone");
  EXPECT_EQ(ended(of_user("alice")), kExitDone);
  EXPECT_EQ(out(), "Ended 2 live sessions of alice\n");
  EXPECT_FALSE(lives(here));
  EXPECT_FALSE(lives(there));
  EXPECT_TRUE(lives(bob));
  EXPECT_EQ(store_.find(here.key)->found->outgrown, EndReason::EndedByAdministrator);
}

TEST_F(End, AUsersSessionsInOneZoneEndThereOnly) {
  const Opening here = open_new(store_, 1, "alice", "zone");
  const Opening there = open_new(store_, 2, "alice", "elsewhere");
  EndOrder order = of_user("alice");
  order.selection.zone = "zone";
  EXPECT_EQ(ended(order), kExitDone);
  EXPECT_EQ(out(), "Ended 1 live session of alice in the zone zone\n");
  EXPECT_FALSE(lives(here));
  EXPECT_TRUE(lives(there));
}

TEST_F(End, AnAccountEndsUnderAllItsSpellings) {
  const Opening lower = open_with_account(1, "alice", store::numbered(7));
  const Opening upper = open_with_account(2, "Alice", store::numbered(7));
  const Opening other = open_with_account(3, "bob", store::numbered(8));
  EXPECT_EQ(ended(of_user("alice")), kExitDone);
  EXPECT_EQ(out(), "Ended 2 live sessions of alice\n");
  EXPECT_FALSE(lives(lower));
  EXPECT_FALSE(lives(upper));
  EXPECT_TRUE(lives(other));
}

TEST_F(End, ALoginUnderWayOpensNothingWhicheverWayItIsVerified) {
  open_with_account(1, "alice", store::numbered(7));
  open_new(store_, 2, "bob", "elsewhere");
  Opening by_directory = store::login(3, store::new_client(3), *store_.moment());
  by_directory.session.identity = {.user = "alice", .account = store::numbered(7)};
  by_directory.session.zone = "elsewhere";
  Opening by_file = store::login(4, store::new_client(4), *store_.moment());
  by_file.session.identity.user = "alice";
  ASSERT_EQ(ended(of_user("alice")), kExitDone);
  EXPECT_EQ(store_.open(by_directory)->outcome, core::OpenOutcome::Conflict);
  EXPECT_EQ(store_.open(by_file)->outcome, core::OpenOutcome::Conflict);
}

TEST_F(End, AZoneEndsAlone) {
  const Opening here = open_new(store_, 1, "alice", "zone");
  const Opening there = open_new(store_, 2, "alice", "elsewhere");
  EndOrder order;
  order.selection.zone = "zone";
  EXPECT_EQ(ended(order, true), kExitDone);
  EXPECT_EQ(out(), "{\"ended\":1}\n");
  EXPECT_FALSE(lives(here));
  EXPECT_TRUE(lives(there));
}

TEST_F(End, EverythingEndsAlsoInAnEmptyStore) {
  EXPECT_EQ(ended({}), kExitDone);
  const Opening alice = open_new(store_, 1, "alice", "zone");
  const Opening bob = open_new(store_, 2, "bob", "elsewhere");
  EXPECT_EQ(ended({}), kExitDone);
  EXPECT_EQ(out(), "Ended 2 live sessions\n");
  EXPECT_FALSE(lives(alice));
  EXPECT_FALSE(lives(bob));
}

TEST_F(End, TheExceptionIsKept) {
  const Opening mine = open_new(store_, 1);
  const Opening other = open_new(store_, 2);
  const Opening elsewhere = open_new(store_, 3, "alice", "elsewhere");
  EndOrder order = of_user("alice");
  order.except = core::short_id(mine.key);
  EXPECT_EQ(ended(order), kExitDone);
  EXPECT_EQ(out(), "Ended 2 live sessions of alice; kept session " + core::short_id(mine.key) +
                       " of alice\n");
  EXPECT_TRUE(lives(mine));
  EXPECT_FALSE(lives(other));
  EXPECT_FALSE(lives(elsewhere));
  order.selection = {};
  EXPECT_EQ(ended(order), kExitDone);
  EXPECT_TRUE(lives(mine));
}

TEST_F(End, AnExceptionThatMakesNoSenseEndsNothing) {
  const Opening alice = open_new(store_, 1);
  const Opening bob = open_new(store_, 2, "bob");
  const Opening over = open_new(store_, 3);
  ASSERT_TRUE(*store_.end(over.key, EndReason::LoggedOut, kNoon));
  for (const std::string& except : {id_of(bob.key), id_of(over.key), std::string(32, '0')}) {
    EndOrder order = of_user("alice");
    order.except = except;
    EXPECT_EQ(ended(order), kExitNotFound);
  }
  EXPECT_TRUE(lives(alice));
}

TEST_F(End, AUserOrZoneThatIsNotThereIsAnError) {
  open_new(store_, 1);
  EXPECT_EQ(ended(of_user("alicia")), kExitNotFound);
  EXPECT_EQ(err(), "epochctl: the store has no session of alicia; nothing was ended\n");
  EndOrder order;
  order.selection.zone = "zoo";
  EXPECT_EQ(ended(order), kExitNotFound);
}

}  // namespace
}  // namespace epoch::cli
