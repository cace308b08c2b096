// What the cookie alone is told of its session, and that being told changes nothing.
#include <gtest/gtest.h>

#include "service_testing.h"
#include "store/failing_store.h"

namespace epoch::core {
namespace {

class StatusTest : public ServiceTest {
 protected:
  SessionStatus status(const std::string& jar, const Credentials* credentials = nullptr) {
    Result<SessionStatus> told = service_.status(present(jar, credentials), policy_, now_);
    EXPECT_TRUE(told.ok());
    return *std::move(told);
  }

  static constexpr Seconds kFlush = Seconds(60);  // flush_interval() of half an hour
};

TEST_F(StatusTest, WhoHasNoSessionIsToldSo) {
  std::string jar;
  EXPECT_EQ(status(jar).state, SessionState::None);
  request(jar, nullptr);
  EXPECT_EQ(status(jar).state, SessionState::None) << "a challenge is no session";
  EXPECT_EQ(status("epoch-1=garbage").state, SessionState::None);
}

TEST_F(StatusTest, ALiveSessionIsToldHowLongItLasts) {
  std::string jar;
  sign_in(jar, alice_);
  now_ += std::chrono::minutes(10);
  const SessionStatus told = status(jar);
  EXPECT_EQ(told.state, SessionState::Live);
  EXPECT_EQ(told.idle_left, std::chrono::minutes(20) + kFlush);
  EXPECT_EQ(told.age_left, std::chrono::hours(12) - std::chrono::minutes(10));
}

TEST_F(StatusTest, TheTimeThatIsToldIsTheTimeThatIsLeft) {
  std::string jar;
  sign_in(jar, alice_);
  const Seconds left = status(jar).idle_left;
  now_ += left - Seconds(1);
  EXPECT_EQ(status(jar).idle_left, Seconds(1));
  now_ += Seconds(1);
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
}

TEST_F(StatusTest, AskingDoesNotKeepTheSessionAlive) {
  std::string jar;
  sign_in(jar, alice_);
  for (int minute = 0; minute < 30; ++minute) {
    now_ += std::chrono::minutes(1);
    EXPECT_EQ(status(jar, &alice_).state, SessionState::Live);
    EXPECT_EQ(service_.flush_last_seen().value(), 0U);
  }
  now_ += kFlush;
  EXPECT_EQ(status(jar, &alice_).state, SessionState::Ended);
}

TEST_F(StatusTest, ARequestCountsBeforeItsTimeHasBeenWritten) {
  std::string jar;
  sign_in(jar, alice_);
  now_ += std::chrono::minutes(20);
  EXPECT_EQ(status(jar).idle_left, std::chrono::minutes(10) + kFlush);
  EXPECT_EQ(request(jar, &alice_), Action::Admit);
  EXPECT_EQ(status(jar).idle_left, std::chrono::minutes(30) + kFlush);
  EXPECT_EQ(service_.flush_last_seen().value(), 1U);
  EXPECT_EQ(status(jar).idle_left, std::chrono::minutes(30) + kFlush);
}

TEST_F(StatusTest, CredentialsCountForNothing) {
  std::string jar;
  sign_in(jar, alice_);
  EXPECT_EQ(status(jar, &bob_).person, status(jar).person);
  EXPECT_EQ(status(std::string(), &alice_).state, SessionState::None);
  const std::string before = jar;
  log_out(jar, &alice_);
  sign_in(jar, alice_);
  EXPECT_EQ(status(before, &alice_).state, SessionState::Ended)
      << "the successor is not for the old cookie";
}

TEST_F(StatusTest, AnEndedSessionIsToldWhy) {
  std::string jar;
  sign_in(jar, alice_);
  const std::string logged_out = jar;
  log_out(jar, nullptr);
  EXPECT_EQ(status(logged_out).reason, EndReason::LoggedOut);
  EXPECT_EQ(status(jar).state, SessionState::None) << "the logout has set a challenge";

  sign_in(jar, alice_);
  const std::string superseded = jar;
  EXPECT_EQ(request(jar, &bob_), Action::Login);
  EXPECT_EQ(status(superseded).reason, EndReason::Superseded);
  EXPECT_EQ(status(jar).state, SessionState::Live);

  now_ += policy_.limits.max_age;
  EXPECT_EQ(status(jar).reason, EndReason::MaxAge);
}

TEST_F(StatusTest, WhatIsToldToBeOverStaysOver) {
  std::string jar;
  sign_in(jar, alice_);
  now_ += std::chrono::hours(1);
  const SessionStatus told = status(jar);
  EXPECT_EQ(told.reason, EndReason::IdleTimeout);
  EXPECT_EQ(told.found_over.size(), 1U);
  now_ -= std::chrono::hours(1);
  EXPECT_EQ(status(jar).state, SessionState::Ended) << "the clock was set back";
  EXPECT_EQ(request(jar, &alice_), Action::RefuseAndArm);
}

TEST_F(StatusTest, ASessionThatTheStoreHasForgottenHasEnded) {
  std::string jar;
  sign_in(jar, alice_);
  const std::string before = jar;
  log_out(jar, nullptr);
  now_ += std::chrono::hours(48);
  ASSERT_TRUE(store_.purge(std::nullopt, 100, now_).ok());
  EXPECT_EQ(status(before).state, SessionState::Ended);
  EXPECT_EQ(status(before).reason, std::nullopt);
}

TEST_F(StatusTest, ASessionOfReportIsNoneWhereAuthEpochIsOn) {
  policy_.report = true;
  std::string jar;
  const Examined examined = examine(jar, &alice_);
  ASSERT_TRUE(examined.login);
  open(*examined.login, jar, "alice");
  EXPECT_EQ(status(jar).state, SessionState::Live);
  policy_.report = false;
  EXPECT_EQ(status(jar).state, SessionState::None);
}

TEST_F(StatusTest, TheWordForAPersonIsTheSameInEachOfTheirSessionsAndNobodyElses) {
  std::string alices;
  std::string alices_other;
  std::string bobs;
  sign_in(alices, alice_);
  sign_in(alices_other, alice_);
  sign_in(bobs, bob_);
  EXPECT_EQ(status(alices).person, status(alices_other).person);
  EXPECT_NE(status(alices).person, status(bobs).person);
  EXPECT_EQ(status(alices).person.find("alice"), std::string::npos);
}

TEST_F(StatusTest, TheSameNameInAnotherStoreHasAnotherWord) {
  std::string jar;
  sign_in(jar, alice_);
  const std::string here = status(jar).person;
  store::MemoryStore other_store(Hash256{2});
  Service other(other_store, keys_, entropy_);
  std::string other_jar;
  keep(other.examine(present(other_jar, nullptr), policy_, now_).cookie_value, other_jar);
  const Examined login = other.examine(present(other_jar, &alice_), policy_, now_);
  const Result<OpenedSession> opened = other.open(*login.login,
                                                  {.identity = {.user = "alice"},
                                                   .zone = zone_,
                                                   .verifier = policy_.verifier,
                                                   .address = "",
                                                   .user_agent = ""},
                                                  policy_, now_);
  keep(opened->cookie_value, other_jar);
  EXPECT_NE(other.status(present(other_jar, nullptr), policy_, now_)->person, here);
}

TEST_F(StatusTest, AStoreThatDoesNotAnswerIsAnError) {
  std::string jar;
  sign_in(jar, alice_);
  store::FailingStore failing(std::make_unique<store::MemoryStore>(store_), 1);
  Service out(failing, keys_, entropy_);
  EXPECT_FALSE(out.status(present(jar, nullptr), policy_, now_).ok());
}

}  // namespace
}  // namespace epoch::core
