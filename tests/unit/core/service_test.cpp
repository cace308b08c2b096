// The use cases, played against a store in memory: logins, logouts and what must never follow them.
#include "core/service.h"

#include <gtest/gtest.h>

#include "service_testing.h"
#include "store/failing_store.h"

namespace epoch::core {
namespace {

TEST_F(ServiceTest, TheStoryOfALoginAndALogout) {
  std::string jar;
  EXPECT_EQ(request(jar, nullptr), Action::AskBasic);
  EXPECT_EQ(request(jar, &alice_), Action::Login);
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
  EXPECT_EQ(request(jar, nullptr), Action::Pass);
  EXPECT_EQ(log_out(jar, &alice_).ended.size(), 1U);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm) << "the browser's automatic resend";
  EXPECT_EQ(request(jar, &alice_), Action::Login) << "what a person typed then";
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
}

TEST_F(ServiceTest, TheCookieFromBeforeTheLogoutOpensNothing) {
  std::string jar;
  sign_in(jar, alice_);
  const std::string before = jar;
  log_out(jar, &alice_);
  for (int i = 0; i < 3; ++i) {
    std::string replayed = before;
    EXPECT_EQ(request(replayed, &alice_), Action::RefuseAndArm);
    now_ += std::chrono::hours(20);
  }
}

TEST_F(ServiceTest, TheCookieFromBeforeTheLogoutIsGoodForItsOwnLiveSuccessorOnly) {
  std::string jar;
  sign_in(jar, alice_);
  std::string before = jar;
  log_out(jar, &alice_);
  sign_in(jar, alice_);
  std::string replayed = before;
  EXPECT_EQ(request(replayed, &alice_), Action::AdmitSuccessor);
  EXPECT_EQ(replayed, jar) << "its cookie is sent again";
  replayed = before;
  EXPECT_EQ(request(replayed, &bob_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, OneTypedAnswerSentWithTenRequestsOpensOneSession) {
  std::string jar;
  request(jar, nullptr);
  const Examined first = examine(jar, &alice_);
  const Examined second = examine(jar, &alice_);
  std::string first_jar = jar;
  std::string second_jar = jar;
  EXPECT_EQ(open(*first.login, first_jar, "alice"), OpenOutcome::Opened);
  EXPECT_EQ(open(*second.login, second_jar, "alice"), OpenOutcome::Joined);
  EXPECT_EQ(first_jar, second_jar);
  std::string late = jar;
  EXPECT_EQ(request(late, &alice_), Action::AdmitSuccessor) << "queued with the challenge cookie";
  EXPECT_EQ(late, first_jar);
}

TEST_F(ServiceTest, ALoginUnderWayWhenTheLogoutComesOpensNothing) {
  std::string jar;
  sign_in(jar, alice_);
  std::string waiting = jar;
  const Examined switching = examine(waiting, &bob_);
  ASSERT_EQ(switching.verdict.action, Action::Login);
  log_out(jar, nullptr);
  EXPECT_EQ(open(*switching.login, waiting, "bob"), OpenOutcome::Conflict);
}

TEST_F(ServiceTest, ALoginUnderWayWhenASecondLogoutComesOpensNothing) {
  std::string jar;
  sign_in(jar, alice_);
  log_out(jar, nullptr);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
  std::string waiting = jar;
  const Examined login = examine(waiting, &alice_);
  ASSERT_EQ(login.verdict.action, Action::Login);
  log_out(jar, nullptr);
  EXPECT_EQ(open(*login.login, waiting, "alice"), OpenOutcome::Conflict);
  std::string delayed = waiting;
  EXPECT_EQ(request(delayed, &alice_), Action::RefuseAndArm) << "its challenge is closed";
}

// Its refusal drops nothing that the browser still has.
TEST_F(ServiceTest, WhatWasSentBeforeTheBrowsersNewestCredentialsDoesNotArm) {
  std::string jar;
  sign_in(jar, alice_);
  std::string late = jar;
  EXPECT_EQ(request(jar, &bob_), Action::Login);
  EXPECT_EQ(examine(late, &alice_).verdict.cookie, SendCookie::ArmedChallenge)
      << "bob's session is live: nothing is stale";
  log_out(jar, &bob_);
  EXPECT_EQ(examine(late, &alice_).verdict.cookie, SendCookie::UnarmedChallenge);
  std::string made_up = jar;
  const Credentials nobody("made", "up");
  traits_.forget = true;
  EXPECT_EQ(examine(made_up, &nobody).verdict.cookie, SendCookie::ArmedChallenge)
      << "the logged-out page's own request is not late";
}

TEST_F(ServiceTest, ALogoutThatItsOwnBrowserHasOvertakenDoesNotArmItsChallenge) {
  std::string jar;
  sign_in(jar, alice_);
  std::string late = jar;
  EXPECT_EQ(request(jar, &bob_), Action::Login);
  log_out(jar, &bob_);
  const LoggedOut again = *service_.logout(present(late, &alice_), {.answered_by_challenge = true},
                                           policy_.limits, now_);
  keep(again.cookie_value, late);
  EXPECT_EQ(request(late, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, AConflictArmsUnlessALogoutCameBetween) {
  std::string jar;
  std::string other;
  sign_in(other, alice_);
  request(jar, nullptr);
  const Examined login = examine(jar, &alice_);
  log_out(other, nullptr, LogoutScope::AllBrowsers);
  EXPECT_EQ(service_.refuse_conflict(*login.login, present(jar, &alice_), policy_.limits, now_)
                ->verdict.cookie,
            SendCookie::ArmedChallenge);

  EXPECT_EQ(request(jar, &alice_), Action::Login);
  const std::string waiting = jar;
  std::string switching = jar;
  const Examined second = examine(switching, &bob_);
  log_out(jar, &alice_);
  EXPECT_EQ(service_.refuse_conflict(*second.login, present(waiting, &bob_), policy_.limits, now_)
                ->verdict.cookie,
            SendCookie::UnarmedChallenge);
}

TEST_F(ServiceTest, AScriptThatHasKeptThePasswordOpensNothingAfterTheLogout) {
  std::string jar;
  sign_in(jar, alice_);
  log_out(jar, &alice_);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm) << "and the browser drops it";
  traits_ = {.sends_metadata = true, .script = true, .same_origin = true, .get = true};
  EXPECT_EQ(request(jar, &alice_), Action::Forbid);
  traits_ = navigation();
  EXPECT_EQ(request(jar, &alice_), Action::Login) << "the person has typed";
}

TEST_F(ServiceTest, ALoginUnderWayAtALogoutEverywhereOpensNothing) {
  std::string jar;
  std::string other;
  sign_in(other, alice_);
  request(jar, nullptr);
  const Examined login = examine(jar, &alice_);
  log_out(other, nullptr, LogoutScope::AllBrowsers);
  EXPECT_EQ(open(*login.login, jar, "alice"), OpenOutcome::Conflict);
  EXPECT_EQ(open(*login.login, jar, "somebody else's spelling"), OpenOutcome::Opened)
      << "only the epochs of the user that the provider named count";
}

TEST_F(ServiceTest, TwoPeopleAnsweringOneChallengeLeaveOneSessionInThisBrowser) {
  std::string jar;
  request(jar, nullptr);
  std::string first = jar;
  std::string second = jar;
  EXPECT_EQ(request(first, &alice_), Action::Login);
  EXPECT_EQ(request(second, &bob_), Action::Login);
  EXPECT_EQ(request(first, &alice_), Action::RefuseAndArm) << "superseded";
  EXPECT_EQ(request(second, &bob_), Action::Admit);
  std::string late = jar;
  EXPECT_EQ(request(late, &bob_), Action::AdmitSuccessor) << "found down the chain";
  log_out(second, nullptr);
  for (const Credentials* credentials : {&alice_, &bob_}) {
    late = jar;
    EXPECT_EQ(request(late, credentials), Action::RefuseAndArm);
  }
}

TEST_F(ServiceTest, SwitchingTheUserEndsTheFirstSession) {
  std::string jar;
  sign_in(jar, alice_);
  std::string before = jar;
  EXPECT_EQ(request(jar, &bob_), Action::Login);
  EXPECT_EQ(request(jar, &bob_), Action::Admit);
  EXPECT_EQ(request(before, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, ALogoutWithAnOldCookieEndsTheSuccessorToo) {
  std::string jar;
  sign_in(jar, alice_);
  std::string before = jar;
  EXPECT_EQ(request(jar, &bob_), Action::Login);
  EXPECT_EQ(log_out(before, nullptr).ended.size(), 1U);
  EXPECT_EQ(request(jar, &bob_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, ALogoutWithTheChallengeCookieEndsWhatItLedTo) {
  std::string jar;
  request(jar, nullptr);
  std::string challenge = jar;
  EXPECT_EQ(request(jar, &alice_), Action::Login);
  EXPECT_EQ(log_out(challenge, nullptr).ended.size(), 1U);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, LoggingOutTwiceIsFine) {
  std::string jar;
  sign_in(jar, alice_);
  EXPECT_EQ(log_out(jar, nullptr).ended.size(), 1U);
  EXPECT_TRUE(log_out(jar, nullptr).ended.empty());
  std::string nobody;
  EXPECT_TRUE(log_out(nobody, nullptr).ended.empty());
  EXPECT_FALSE(nobody.empty()) << "an unarmed challenge all the same";
  EXPECT_EQ(request(nobody, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, ClientsWithoutASessionMakeTheStoreKeepNothing) {
  std::string jar;
  request(jar, nullptr);
  request(jar, nullptr);
  log_out(jar, nullptr);
  log_out(jar, &alice_);
  EXPECT_TRUE(store_.records().empty());
  sign_in(jar, alice_);
  log_out(jar, nullptr);
  const std::size_t records = store_.records().size();
  for (int i = 0; i < 10; ++i) log_out(jar, &alice_);
  EXPECT_EQ(store_.records().size(), records) << "nor do those who were logged out";
}

TEST_F(ServiceTest, ALogoutEverywhereLeavesNoneAndNobodyElseIsTouched) {
  std::string here;
  std::string there;
  std::string bobs;
  sign_in(here, alice_);
  sign_in(there, alice_);
  sign_in(bobs, bob_);
  EXPECT_TRUE(log_out(here, nullptr, LogoutScope::AllBrowsers).scope_granted);
  EXPECT_EQ(request(there, &alice_), Action::RefuseAndArm);
  EXPECT_EQ(request(here, &alice_), Action::RefuseAndArm);
  EXPECT_EQ(request(bobs, &bob_), Action::Admit);
}

TEST_F(ServiceTest, LoggingOutTheOthersKeepsThisBrowser) {
  std::string here;
  std::string there;
  sign_in(here, alice_);
  sign_in(there, alice_);
  const std::string before = here;
  EXPECT_TRUE(log_out(here, nullptr, LogoutScope::OtherBrowsers).scope_granted);
  EXPECT_EQ(here, before);
  EXPECT_EQ(request(here, &alice_), Action::Admit);
  EXPECT_EQ(request(there, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, LoggingOutEverywhereTakesALiveSessionOrThePasswordOfTheEndedOne) {
  std::string here;
  std::string there;
  sign_in(here, alice_);
  sign_in(there, alice_);
  std::string stolen = here;
  log_out(here, nullptr);
  EXPECT_FALSE(log_out(stolen, nullptr, LogoutScope::AllBrowsers).scope_granted);
  EXPECT_EQ(request(there, &alice_), Action::Admit);
  EXPECT_FALSE(log_out(stolen, &bob_, LogoutScope::AllBrowsers).scope_granted);
  EXPECT_EQ(request(there, &alice_), Action::Admit);
}

TEST_F(ServiceTest, AnExpiredSessionWithItsPasswordMayEndTheOthers) {
  std::string here;
  std::string there;
  sign_in(here, alice_);
  now_ += std::chrono::hours(2);
  sign_in(there, alice_);
  EXPECT_TRUE(log_out(here, &alice_, LogoutScope::AllBrowsers).scope_granted);
  EXPECT_EQ(request(there, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, TheFirstRefusalWritesTheEndSoThatNoClockRevivesIt) {
  std::string jar;
  sign_in(jar, alice_);
  now_ += std::chrono::hours(1);
  std::string late = jar;
  EXPECT_EQ(request(late, &alice_), Action::RefuseAndArm);
  now_ -= std::chrono::hours(1);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, BeingSeenKeepsASessionAlive) {
  std::string jar;
  sign_in(jar, alice_);
  for (int i = 0; i < 6; ++i) {
    now_ += std::chrono::minutes(25);
    EXPECT_EQ(request(jar, &alice_), Action::Admit);
    ASSERT_TRUE(service_.flush_last_seen().ok());
  }
}

TEST_F(ServiceTest, ALateTouchDoesNotReviveWhatHasEnded) {
  std::string jar;
  sign_in(jar, alice_);
  now_ += std::chrono::minutes(25);
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
  std::string before = jar;
  log_out(jar, nullptr);
  ASSERT_TRUE(service_.flush_last_seen().ok());
  EXPECT_EQ(request(before, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, WhoFindsASessionOverIsToldOnce) {
  std::string jar;
  sign_in(jar, alice_);
  std::string second = jar;
  now_ += std::chrono::minutes(31);
  const Examined examined = examine(jar, &alice_);
  ASSERT_EQ(examined.found_over.size(), 1U);
  EXPECT_EQ(examined.found_over[0].session->identity.user, "alice");
  EXPECT_EQ(examined.found_over[0].session->end->reason, EndReason::IdleTimeout);
  EXPECT_TRUE(examine(second, &alice_).found_over.empty());
}

TEST_F(ServiceTest, ALogoutTellsWhatWasOverBeforeAndWhetherItReachedFurther) {
  std::string jar;
  sign_in(jar, alice_);
  std::string other = jar;
  EXPECT_FALSE(log_out(other, nullptr).swept);
  std::string late;
  sign_in(late, alice_);
  std::string before = late;
  EXPECT_TRUE(log_out(late, nullptr, LogoutScope::AllBrowsers).swept);
  sign_in(late, alice_);
  EXPECT_TRUE(log_out(late, nullptr, LogoutScope::OtherBrowsers).swept);
  now_ += std::chrono::minutes(31);
  const LoggedOut done = log_out(late, nullptr);
  ASSERT_EQ(done.found_over.size(), 1U);
  EXPECT_EQ(done.found_over[0].session->end->reason, EndReason::IdleTimeout);
  EXPECT_TRUE(done.ended.empty());
}

TEST_F(ServiceTest, AFreshLoginSupersedesTheOldOneAndOnlyThen) {
  std::string jar;
  sign_in(jar, alice_);
  const std::string old_cookie = jar;
  now_ += std::chrono::minutes(10);
  policy_.fresh_login = std::chrono::minutes(5);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
  policy_.fresh_login.reset();
  std::string elsewhere = old_cookie;
  EXPECT_EQ(request(elsewhere, &alice_), Action::Admit) << "until the successor opens";
  policy_.fresh_login = std::chrono::minutes(5);
  EXPECT_EQ(request(jar, &alice_), Action::Login);
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
  elsewhere = old_cookie;
  EXPECT_EQ(request(elsewhere, &alice_), Action::AdmitSuccessor);
}

TEST_F(ServiceTest, AChallengeOfAnotherPortOrRealmDoesNotCount) {
  std::string jar;
  request(jar, nullptr);
  origin_ = "https://example.org:8443";
  std::string other_port = jar;
  EXPECT_EQ(request(other_port, &alice_), Action::RefuseAndArm);
  origin_ = "https://example.org";
  realm_ = "Other";
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, ACookieOfAnotherZoneOrStoreOpensNothing) {
  std::string jar;
  sign_in(jar, alice_);
  store::MemoryStore other_store{Hash256{2}};
  Service other(other_store, keys_, entropy_);
  EXPECT_EQ(other.examine(present(jar, &alice_), policy_, now_).verdict.action,
            Action::RefuseAndArm);
  std::string challenge;
  request(challenge, nullptr);
  EXPECT_EQ(other.examine(present(challenge, &alice_), policy_, now_).verdict.reason,
            Reason::BadCookie);
}

TEST_F(ServiceTest, ASessionUnderTheNameOfAnotherZonesCookieIsMalformedAndCannotBeLoggedOutThere) {
  std::string jar;
  sign_in(jar, alice_);
  const std::string own_zone = std::exchange(zone_, "another zone");
  EXPECT_EQ(service_.examine(present(jar, &alice_), policy_, now_).verdict.reason,
            Reason::BadCookie);
  EXPECT_TRUE(service_.logout(present(jar, &alice_), {}, policy_.limits, now_).ok());
  zone_ = own_zone;
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
}

TEST_F(ServiceTest, OfTwoCookiesTheGoodOneCounts) {
  std::string jar;
  sign_in(jar, alice_);
  for (std::string both : {jar + "; " + std::string(kCookieName) + "=planted",
                           std::string(kCookieName) + "=planted; " + jar}) {
    EXPECT_EQ(request(both, &alice_), Action::Admit);
  }
}

TEST_F(ServiceTest, TwoGoodCookiesAreMalformed) {
  std::string jar;
  std::string other;
  sign_in(jar, alice_);
  sign_in(other, bob_);
  std::string both = jar + "; " + other;
  EXPECT_EQ(examine(both, &alice_).verdict.reason, Reason::BadCookie);
  std::string three =
      jar + "; x=1; " + std::string(kCookieName) + "=a; " + std::string(kCookieName) + "=b";
  EXPECT_EQ(examine(three, &alice_).verdict.reason, Reason::BadCookie);
}

TEST_F(ServiceTest, KeysThatWereRotatedOutCostAPromptAndNoSession) {
  std::string jar;
  sign_in(jar, alice_);
  const KeyRing other_keys = one_key(2);
  Service rotated(store_, other_keys, entropy_);
  EXPECT_EQ(rotated.examine(present(jar, &alice_), policy_, now_).verdict.action, Action::Admit);
  std::string challenge;
  request(challenge, nullptr);
  EXPECT_EQ(rotated.examine(present(challenge, &alice_), policy_, now_).verdict.action,
            Action::RefuseAndArm);
}

TEST_F(ServiceTest, TheAnswerToALogoutsChallengeIsNoSecondLogout) {
  std::string jar;
  sign_in(jar, alice_);
  const LogoutRequest by_challenge{.scope = LogoutScope::ThisBrowser,
                                   .answered_by_challenge = true};
  Result<LoggedOut> done =
      service_.logout(present(jar, &alice_), by_challenge, policy_.limits, now_);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->ended.size(), 1U);
  keep(done->cookie_value, jar);
  done = service_.logout(present(jar, &alice_), by_challenge, policy_.limits, now_);
  ASSERT_TRUE(done.ok());
  EXPECT_TRUE(done->is_answer);
  keep(done->cookie_value, jar);
  EXPECT_EQ(request(jar, &alice_), Action::Login) << "verified where it leads";
}

TEST_F(ServiceTest, TheAnswerToALogoutsChallengeLeadsToTheSessionThatAnotherRequestHasOpened) {
  std::string jar;
  sign_in(jar, alice_);
  const LoggedOut done = *service_.logout(present(jar, &alice_), {.answered_by_challenge = true},
                                          policy_.limits, now_);
  keep(done.cookie_value, jar);
  std::string other_tab = jar;
  EXPECT_EQ(request(other_tab, &alice_), Action::Login);
  EXPECT_TRUE(log_out(jar, &alice_).is_answer);
  EXPECT_EQ(request(jar, &alice_), Action::AdmitSuccessor);
  EXPECT_EQ(jar, other_tab);
}

TEST_F(ServiceTest, ALogoutWithoutCredentialsDoesNotArmItsChallenge) {
  std::string jar;
  sign_in(jar, alice_);
  const LogoutRequest by_challenge{.scope = LogoutScope::ThisBrowser,
                                   .answered_by_challenge = true};
  Result<LoggedOut> done =
      service_.logout(present(jar, nullptr), by_challenge, policy_.limits, now_);
  ASSERT_TRUE(done.ok());
  keep(done->cookie_value, jar);
  done = service_.logout(present(jar, &alice_), by_challenge, policy_.limits, now_);
  EXPECT_FALSE(done->is_answer);
  keep(done->cookie_value, jar);
  EXPECT_EQ(request(jar, &alice_), Action::Login) << "this time it carried them and dropped them";
}

TEST_F(ServiceTest, ReportOpensSessionsAsIfEachRefusalHadBeenAnswered) {
  policy_.report = true;
  std::string jar;
  const Examined examined = examine(jar, &alice_);
  EXPECT_EQ(examined.verdict.action, Action::RefuseAndArm);
  ASSERT_TRUE(examined.login.has_value());
  EXPECT_EQ(open(*examined.login, jar, "alice"), OpenOutcome::Opened);
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
}

TEST_F(ServiceTest, WhatReportOpenedUnpromptedIsWorthNothingWhereItIsOn) {
  policy_.report = true;
  std::string jar;
  const Examined examined = examine(jar, &alice_);
  open(*examined.login, jar, "alice");
  policy_.report = false;
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
  EXPECT_EQ(request(jar, &alice_), Action::Login);
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
}

TEST_F(ServiceTest, WhatAPersonTypedUnderReportWasPerhapsVerifiedByACacheAndCountsThereAlone) {
  policy_.report = true;
  std::string jar;
  request(jar, nullptr);
  const Examined login = examine(jar, &alice_);
  EXPECT_EQ(login.verdict.action, Action::Login);
  open(*login.login, jar, "alice");
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
  policy_.report = false;
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, OtherCredentialsAreALoginOnlyWhereTheSessionWasOpened) {
  std::string jar;
  sign_in(jar, alice_);
  origin_ = "https://other.example.org";
  std::string elsewhere = jar;
  EXPECT_EQ(request(elsewhere, &bob_), Action::RefuseAndArm);
  std::string same = jar;
  EXPECT_EQ(request(same, &alice_), Action::Admit);
  EXPECT_EQ(request(elsewhere, &bob_), Action::Login);
}

TEST_F(ServiceTest, AScopeThatWasNotGrantedArmsNothing) {
  std::string jar;
  const Result<LoggedOut> done = service_.logout(
      present(jar, &alice_), {.scope = LogoutScope::AllBrowsers, .answered_by_challenge = true},
      policy_.limits, now_);
  ASSERT_TRUE(done.ok());
  EXPECT_FALSE(done->scope_granted);
  keep(done->cookie_value, jar);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
}

TEST_F(ServiceTest, AStoreThatFailsAtAnyCallAdmitsNothingItWouldNotHaveAdmitted) {
  std::string live;
  sign_in(live, alice_);
  std::string ended;
  sign_in(ended, alice_);
  std::string unused = ended;
  log_out(unused, nullptr);
  for (unsigned every = 1; every < 12; ++every) {
    store::FailingStore failing(std::make_unique<store::MemoryStore>(store_), every);
    Service service(failing, keys_, entropy_);
    for (int i = 0; i < 12; ++i) {
      const Action on_live = service.examine(present(live, &alice_), policy_, now_).verdict.action;
      EXPECT_TRUE(on_live == Action::Admit || on_live == Action::Unavailable);
      const Action on_ended =
          service.examine(present(ended, &alice_), policy_, now_).verdict.action;
      EXPECT_TRUE(on_ended == Action::RefuseAndArm || on_ended == Action::Unavailable);
    }
  }
}

TEST_F(ServiceTest, WithoutAStoreOnlyWhatThisProcessSawAMomentAgoIsStale) {
  policy_.stale = std::chrono::minutes(2);
  std::string seen;
  std::string unseen;
  sign_in(seen, alice_);
  sign_in(unseen, alice_);
  store::FailingStore store(std::make_unique<store::MemoryStore>(store_), 0);
  Service service(store, keys_, entropy_);
  EXPECT_EQ(service.examine(present(seen, &alice_), policy_, now_).verdict.action, Action::Admit);
  store.fail_every(1);
  const Examined stale = service.examine(present(seen, &alice_), policy_, now_);
  EXPECT_EQ(stale.verdict.action, Action::Admit);
  EXPECT_EQ(stale.verdict.reason, Reason::StoreUnavailable);
  const Policy deny{.limits = policy_.limits};
  EXPECT_EQ(service.examine(present(seen, &alice_), deny, now_).verdict.action,
            Action::Unavailable);
  EXPECT_EQ(service.examine(present(unseen, &alice_), policy_, now_).verdict.action,
            Action::Unavailable);
  zone_ = "another zone";
  EXPECT_EQ(service.examine(present(seen, &alice_), policy_, now_).verdict.action,
            Action::Unavailable);
  zone_ = "zone";
  EXPECT_EQ(service.examine(present(seen, &bob_), policy_, now_).verdict.action,
            Action::Unavailable);
  for (const TimePoint later_or_set_back :
       {now_ + std::chrono::minutes(2), now_ - std::chrono::hours(3)}) {
    EXPECT_EQ(service.examine(present(seen, &alice_), policy_, later_or_set_back).verdict.action,
              Action::Unavailable);
  }
}

TEST_F(ServiceTest, WhatWasLoggedOutHereIsNotStale) {
  policy_.stale = std::chrono::minutes(2);
  std::string jar;
  sign_in(jar, alice_);
  store::FailingStore store(std::make_unique<store::MemoryStore>(store_), 0);
  Service service(store, keys_, entropy_);
  EXPECT_EQ(service.examine(present(jar, &alice_), policy_, now_).verdict.action, Action::Admit);
  ASSERT_TRUE(service.logout(present(jar, &alice_), {}, policy_.limits, now_).ok());
  store.fail_every(1);
  EXPECT_EQ(service.examine(present(jar, &alice_), policy_, now_).verdict.action,
            Action::Unavailable);
}

}  // namespace
}  // namespace epoch::core
