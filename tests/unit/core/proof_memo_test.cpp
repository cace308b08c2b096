#include "core/proof_memo.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/cookie.h"
#include "core/service_testing.h"
#include "core/session.h"

namespace epoch::core {
namespace {

SessionId id_of(std::uint8_t number) { return SessionId{Hash256{number}}; }

class ProofMemoTest : public testing::Test {
 protected:
  CountingEntropy entropy_;
  ProofMemo memo_{entropy_, 1};
  const Credentials alice_{std::string_view("YWxpY2U6c2VjcmV0")};
  const Credentials typo_{std::string_view("YWxpY2U6c2VjcmVU")};

  void learn(std::uint8_t number, const Credentials& credentials) {
    memo_.keep(*memo_.tag_of(session_value(id_of(number)), &credentials),
               prove(id_of(number), &credentials));
  }
  bool knows(std::uint8_t number, const Credentials& credentials) {
    const auto known = memo_.find(*memo_.tag_of(session_value(id_of(number)), &credentials));
    if (!known) return false;
    const Proven anew = prove(id_of(number), &credentials);
    EXPECT_EQ(known->root, anew.root);
    EXPECT_EQ(known->key, anew.key);
    EXPECT_EQ(known->proof, anew.proof);
    return true;
  }
};

TEST_F(ProofMemoTest, GivesBackWhatTheSameCookieAndCredentialsMade) {
  EXPECT_FALSE(knows(1, alice_));
  learn(1, alice_);
  EXPECT_TRUE(knows(1, alice_));
}

TEST_F(ProofMemoTest, AnotherPasswordOrAnotherCookieIsNotTheSame) {
  learn(1, alice_);
  EXPECT_FALSE(knows(1, typo_));
  EXPECT_FALSE(knows(2, alice_));
}

TEST_F(ProofMemoTest, WhatSharesAPlaceReplacesWhatWasThere) {
  learn(1, alice_);
  learn(2, alice_);
  EXPECT_FALSE(knows(1, alice_));
  EXPECT_TRUE(knows(2, alice_));
}

TEST_F(ProofMemoTest, TextMovedFromOneToTheOtherIsAnotherPair) {
  const Credentials credentials(std::string_view("bc"));
  const Credentials more(std::string_view("abc"));
  EXPECT_NE(memo_.tag_of("xa", &credentials), memo_.tag_of("x", &more));
}

TEST_F(ProofMemoTest, AnotherProcessHasOtherTags) {
  ProofMemo other(entropy_, 1);
  EXPECT_NE(memo_.tag_of("value", &alice_), other.tag_of("value", &alice_));
}

TEST_F(ProofMemoTest, NothingIsRememberedByCredentialsThatAreMissingOrTooLong) {
  const std::string text(600, 'A');
  const Credentials long_ones{std::string_view(text)};
  const Credentials not_sent("alice", "secret");
  EXPECT_FALSE(memo_.tag_of("value", nullptr));
  EXPECT_FALSE(memo_.tag_of("value", &not_sent));
  EXPECT_FALSE(memo_.tag_of("value", &long_ones));
}

TEST_F(ProofMemoTest, ThreadsThatMeetInOnePlaceGetTheirOwn) {
  std::vector<std::thread> threads;
  for (std::uint8_t number = 0; number < 4; ++number) {
    threads.emplace_back([this, number] {
      const Credentials own{std::string_view("YWxpY2U6c2VjcmV0")};
      for (int time = 0; time < 500; ++time) {
        learn(number, own);
        knows(number, own);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// The use cases with a memo: what is remembered must never let in what would be refused without.
class RememberingServiceTest : public ServiceTest {
 protected:
  ProofMemo memo_{entropy_, 4};
  Service remembering_{store_, keys_, entropy_, &memo_};
  const Credentials right_{std::string_view("YWxpY2U6c2VjcmV0")};  // alice:secret
  const Credentials wrong_{std::string_view("YWxpY2U6c2VjcmVU")};  // alice:secreT

  Examined ask(const std::string& jar, const Credentials& credentials) {
    return remembering_.examine(present(jar, &credentials), policy_, now_);
  }
};

TEST_F(RememberingServiceTest, AnEndedSessionIsRefusedThoughItsProofIsRemembered) {
  std::string jar;
  sign_in(jar, right_);
  for (int time = 0; time < 3; ++time) EXPECT_EQ(ask(jar, right_).verdict.action, Action::Admit);
  const Examined examined = ask(jar, right_);
  ASSERT_TRUE(*remembering_.end(*examined.session, EndReason::LoggedOut, now_));
  EXPECT_EQ(ask(jar, right_).verdict.action, Action::RefuseAndArm);
}

TEST_F(RememberingServiceTest, AnotherPasswordIsNoAdmissionHoweverOftenTheRightOneWas) {
  std::string jar;
  sign_in(jar, right_);
  for (int time = 0; time < 3; ++time) {
    EXPECT_EQ(ask(jar, right_).verdict.action, Action::Admit);
    EXPECT_EQ(ask(jar, wrong_).verdict.action, Action::Login) << "as another answer of a person";
  }
}

}  // namespace
}  // namespace epoch::core
