#include "core/own_sessions.h"

#include <gtest/gtest.h>

#include "core/service_testing.h"
#include "store/failing_store.h"

namespace epoch::core {
namespace {

class OwnSessionsTest : public ServiceTest {
 protected:
  // What a request of this client was admitted as; like httpd, it takes the session that it opens.
  Examined admitted(std::string& jar, const Credentials& credentials) {
    Examined examined = examine(jar, &credentials);
    if (examined.verdict.action != Action::Login) return examined;
    Result<OpenedSession> opened =
        service_.open(*examined.login,
                      {.identity = {.user = std::string(credentials.user())},
                       .zone = zone_,
                       .verifier = policy_.verifier,
                       .address = "192.0.2.7",
                       .user_agent = "curl/8.0"},
                      policy_, now_);
    EXPECT_TRUE(opened.ok() && opened->outcome != OpenOutcome::Conflict);
    keep(opened->cookie_value, jar);
    examined.session = opened->session;
    examined.session_root = opened->root;
    return examined;
  }

  std::vector<std::string> ids_of(const NamedSession& own) {
    const Result<OwnSessions> list = list_own(store_, own, policy_.limits, now_, {});
    EXPECT_TRUE(list.ok());
    std::vector<std::string> ids;
    for (const NamedSession& each : list->sessions) ids.push_back(public_id(each.key));
    return ids;
  }

  bool is_found(const NamedSession& own, const NamedSession& other) {
    return find_own(store_, own, public_id(other.key), policy_.limits, now_)->has_value();
  }

  Result<LoggedOut> end(const Examined& of, LogoutScope scope) {
    return service_.logout(*of.session, *of.session_root, scope, present("", nullptr), now_);
  }

  FormOrigin origin_of(const Examined& examined, const std::string& token) {
    return *form_origin(store_, examined, token);
  }

  // A navigation that AuthEpochFreshLogin refuses and that is sent again with the answer.
  Examined asked_again(std::string& jar, const Credentials& credentials) {
    now_ += std::chrono::minutes(10);
    policy_.fresh_login = std::chrono::minutes(5);
    EXPECT_EQ(admitted(jar, alice_).verdict.action, Action::RefuseAndArm);
    Examined again = admitted(jar, credentials);
    EXPECT_EQ(again.verdict.action, Action::Login);
    return again;
  }

  std::string here_;
  std::string there_;
  std::string bobs_;
};

TEST_F(OwnSessionsTest, TheListHasTheUsersSessionsInTheZoneTheOldestFirst) {
  sign_in(here_, alice_);
  now_ += Seconds(5);
  sign_in(there_, alice_);
  sign_in(bobs_, bob_);
  const NamedSession here = *admitted(here_, alice_).session;
  const NamedSession there = *admitted(there_, alice_).session;
  EXPECT_EQ(ids_of(here), (std::vector{public_id(here.key), public_id(there.key)}));
  EXPECT_EQ(ids_of(here), ids_of(there));
  EXPECT_EQ(ids_of(*admitted(bobs_, bob_).session).size(), 1U);
}

TEST_F(OwnSessionsTest, TheListOfAnotherZoneIsAnother) {
  sign_in(here_, alice_);
  zone_ = "other zone";
  sign_in(there_, alice_);
  EXPECT_EQ(ids_of(*admitted(there_, alice_).session).size(), 1U);
}

TEST_F(OwnSessionsTest, WhatIsOverIsNotListed) {
  sign_in(there_, alice_);
  now_ += std::chrono::minutes(25);
  sign_in(here_, alice_);
  now_ += std::chrono::minutes(10);
  const NamedSession here = *admitted(here_, alice_).session;
  EXPECT_EQ(ids_of(here), std::vector{public_id(here.key)});
}

TEST_F(OwnSessionsTest, OnesOwnAreFoundByTheirPublicIdAndNoOthers) {
  sign_in(here_, alice_);
  sign_in(there_, alice_);
  sign_in(bobs_, bob_);
  const NamedSession here = *admitted(here_, alice_).session;
  const NamedSession there = *admitted(there_, alice_).session;
  const NamedSession bobs = *admitted(bobs_, bob_).session;
  EXPECT_TRUE(is_found(here, here));
  EXPECT_TRUE(is_found(here, there));
  EXPECT_FALSE(is_found(here, bobs));
  EXPECT_FALSE(is_found(bobs, there));
  EXPECT_FALSE(find_own(store_, here, "", policy_.limits, now_)->has_value());
  EXPECT_FALSE(
      find_own(store_, here, public_id(there.key).substr(0, 8), policy_.limits, now_)->has_value());
}

TEST_F(OwnSessionsTest, TheLastOfManyPagesIsFoundToo) {
  for (std::size_t i = 0; i <= kSessionsPerPage; ++i) {
    std::string jar;
    sign_in(jar, alice_);
    now_ += Seconds(1);
  }
  sign_in(here_, alice_);
  const NamedSession here = *admitted(here_, alice_).session;
  const Result<OwnSessions> page = list_own(store_, here, policy_.limits, now_, {});
  EXPECT_EQ(page->sessions.size(), kSessionsPerPage);
  ASSERT_TRUE(page->next);
  EXPECT_EQ(list_own(store_, here, policy_.limits, now_, page->next)->sessions.size(), 2U);
  EXPECT_TRUE(is_found(here, here));
}

TEST_F(OwnSessionsTest, AnEndedSessionIsNotFoundASecondTime) {
  sign_in(here_, alice_);
  sign_in(there_, alice_);
  const NamedSession here = *admitted(here_, alice_).session;
  const NamedSession there = *admitted(there_, alice_).session;
  EXPECT_TRUE(*service_.end(there, EndReason::LoggedOut, now_));
  EXPECT_FALSE(is_found(here, there));
  EXPECT_FALSE(*service_.end(there, EndReason::LoggedOut, now_));
  EXPECT_EQ(request(there_, &alice_), Action::RefuseAndArm);
  EXPECT_EQ(request(here_, &alice_), Action::Admit);
}

// ---- ending more than one

TEST_F(OwnSessionsTest, EndingTheOthersKeepsTheSessionThatTheRequestItselfHasOpened) {
  sign_in(there_, alice_);
  sign_in(here_, alice_);
  const Examined again = asked_again(here_, alice_);
  const Result<LoggedOut> done = end(again, LogoutScope::OtherBrowsers);
  EXPECT_TRUE(done->swept);
  EXPECT_TRUE(done->cookie_value.empty());
  policy_.fresh_login.reset();
  EXPECT_EQ(request(here_, &alice_), Action::Admit);
  EXPECT_EQ(request(there_, &alice_), Action::RefuseAndArm);
}

TEST_F(OwnSessionsTest, EndingAllEndsTheSessionThatTheRequestItselfHasOpened) {
  sign_in(there_, alice_);
  sign_in(bobs_, bob_);
  sign_in(here_, alice_);
  const Examined again = asked_again(here_, alice_);
  const Result<LoggedOut> done = end(again, LogoutScope::AllBrowsers);
  EXPECT_EQ(done->ended, std::vector{again.session->key});
  keep(done->cookie_value, here_);
  policy_.fresh_login.reset();
  EXPECT_EQ(request(here_, &alice_), Action::RefuseAndArm);
  EXPECT_EQ(request(there_, &alice_), Action::RefuseAndArm);
  EXPECT_EQ(request(bobs_, &bob_), Action::Admit);
}

TEST_F(OwnSessionsTest, EndingThisOneLeavesAnUnarmedChallengeAndTheOthers) {
  sign_in(there_, alice_);
  sign_in(here_, alice_);
  const Result<LoggedOut> done = end(admitted(here_, alice_), LogoutScope::ThisBrowser);
  EXPECT_EQ(done->ended.size(), 1U);
  EXPECT_FALSE(done->swept);
  keep(done->cookie_value, here_);
  EXPECT_EQ(request(here_, &alice_), Action::RefuseAndArm);
  EXPECT_EQ(request(here_, &alice_), Action::Login);
  EXPECT_EQ(request(there_, &alice_), Action::Admit);
}

TEST_F(OwnSessionsTest, AnActionOnASessionThatHasJustEndedEndsNothingMore) {
  sign_in(here_, alice_);
  const Examined late = admitted(here_, alice_);
  log_out(here_, nullptr);
  EXPECT_TRUE(end(late, LogoutScope::ThisBrowser)->ended.empty());
  sign_in(there_, alice_);
  const Result<LoggedOut> done = end(late, LogoutScope::OtherBrowsers);
  EXPECT_TRUE(done->swept);
  EXPECT_EQ(request(there_, &alice_), Action::RefuseAndArm);
}

TEST_F(OwnSessionsTest, AStoreThatCannotAnswerEndsNothingAndSaysSo) {
  sign_in(here_, alice_);
  const Examined examined = admitted(here_, alice_);
  store::FailingStore broken(std::make_unique<store::MemoryStore>(Hash256{1}), 1);
  Service service(broken, keys_, entropy_);
  for (const LogoutScope scope :
       {LogoutScope::ThisBrowser, LogoutScope::OtherBrowsers, LogoutScope::AllBrowsers}) {
    EXPECT_FALSE(
        service.logout(*examined.session, *examined.session_root, scope, present("", nullptr), now_)
            .ok());
  }
  EXPECT_FALSE(list_own(broken, *examined.session, policy_.limits, now_, {}).ok());
  EXPECT_FALSE(find_own(broken, *examined.session, "x", policy_.limits, now_).ok());
}

// ---- tokens

TEST_F(OwnSessionsTest, AFormBelongsToTheSessionThatItWasMadeFor) {
  sign_in(here_, alice_);
  sign_in(there_, alice_);
  const Examined here = admitted(here_, alice_);
  const Examined there = admitted(there_, alice_);
  const std::string token = form_token(*here.session_root);
  EXPECT_EQ(token, form_token(*admitted(here_, alice_).session_root));
  EXPECT_EQ(origin_of(here, token), FormOrigin::ThisSession);
  EXPECT_EQ(origin_of(there, token), FormOrigin::Unknown);
  EXPECT_EQ(origin_of(here, ""), FormOrigin::Unknown);
  EXPECT_EQ(origin_of(here, token.substr(1)), FormOrigin::Unknown);
  EXPECT_EQ(origin_of(here, public_id(here.session->key)), FormOrigin::Unknown);
}

TEST_F(OwnSessionsTest, AFormThatIsSentAgainWithTheAnswerToThePromptIsStillTheUsers) {
  sign_in(here_, alice_);
  const std::string token = form_token(*admitted(here_, alice_).session_root);
  const Examined again = asked_again(here_, alice_);
  EXPECT_EQ(origin_of(again, token), FormOrigin::SessionBefore);
  // The next request comes with the new cookie, and its page has a new token.
  EXPECT_EQ(origin_of(admitted(here_, alice_), token), FormOrigin::Unknown);
}

TEST_F(OwnSessionsTest, AFormThatWaitedWhileAnotherRequestOpenedTheSessionIsStillTheUsers) {
  sign_in(here_, alice_);
  const std::string token = form_token(*admitted(here_, alice_).session_root);
  now_ += std::chrono::minutes(10);
  policy_.fresh_login = std::chrono::minutes(5);
  EXPECT_EQ(admitted(here_, alice_).verdict.action, Action::RefuseAndArm);
  std::string waiting = here_;
  EXPECT_EQ(admitted(here_, alice_).verdict.action, Action::Login);
  const Examined second = admitted(waiting, alice_);
  EXPECT_EQ(second.verdict.action, Action::AdmitSuccessor);
  EXPECT_EQ(origin_of(second, token), FormOrigin::SessionBefore);
}

TEST_F(OwnSessionsTest, SomebodyElseWhoAnswersThePromptDoesNotActOnTheFormOfTheFirst) {
  sign_in(here_, alice_);
  const std::string token = form_token(*admitted(here_, alice_).session_root);
  EXPECT_EQ(origin_of(asked_again(here_, bob_), token), FormOrigin::Unknown);
}

TEST_F(OwnSessionsTest, AFormOfASessionThatHasRunOutIsTheUsersWhoSignsInWithIt) {
  sign_in(here_, alice_);
  const std::string token = form_token(*admitted(here_, alice_).session_root);
  now_ += std::chrono::minutes(40);
  EXPECT_EQ(admitted(here_, alice_).verdict.action, Action::RefuseAndArm);
  const Examined again = admitted(here_, alice_);
  EXPECT_EQ(again.verdict.action, Action::Login);
  EXPECT_EQ(origin_of(again, token), FormOrigin::SessionBefore);
}

TEST_F(OwnSessionsTest, WhoPlantsAChallengeOfTheirOwnKnowsNoToken) {
  // Everybody can ask for a challenge, and read in it the lineage that a login would follow.
  EXPECT_EQ(request(here_, nullptr), Action::AskBasic);
  const Examined login = admitted(here_, alice_);
  ASSERT_EQ(login.verdict.action, Action::Login);
  ASSERT_TRUE(login.cookie_root);
  EXPECT_EQ(origin_of(login, form_token(*login.cookie_root)), FormOrigin::Unknown);
  EXPECT_EQ(origin_of(login, form_token(*login.session_root)), FormOrigin::ThisSession);
}

TEST_F(OwnSessionsTest, AStoreThatCannotAnswerRecognisesNoForm) {
  sign_in(here_, alice_);
  const std::string token = form_token(*admitted(here_, alice_).session_root);
  const Examined again = asked_again(here_, alice_);
  store::FailingStore broken(std::make_unique<store::MemoryStore>(Hash256{1}), 1);
  EXPECT_FALSE(form_origin(broken, again, token).ok());
}

}  // namespace
}  // namespace epoch::core
