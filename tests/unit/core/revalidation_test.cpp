// AuthEpochRevalidate: when the provider is asked again, and what its answer does.
#include <gtest/gtest.h>

#include "core/service.h"
#include "service_testing.h"

namespace epoch::core {
namespace {

class RevalidationTest : public ServiceTest {
 protected:
  RevalidationTest() {
    policy_.verifier.fill(7);
    policy_.verifier_is_known = true;
    policy_.revalidate = std::chrono::minutes(5);
    sign_in(jar_, alice_);
  }

  Examined admitted() {
    Examined examined = examine(jar_, &alice_);
    EXPECT_EQ(examined.verdict.action, Action::Admit);
    return examined;
  }

  VerifyOutcome verified(const Identity& identity) {
    NamedSession session = *admitted().session;
    const Result<VerifyOutcome> noted = service_.note_verified(session, identity, now_);
    EXPECT_TRUE(noted.ok());
    return *noted;
  }

  std::string jar_;
};

TEST_F(RevalidationTest, WithinTheTimeTheProviderIsNotNeeded) {
  now_ += std::chrono::minutes(5) - Seconds(1);
  EXPECT_EQ(admitted().provider, ProviderCheck::NotNeeded);
}

TEST_F(RevalidationTest, AfterTheTimeTheProviderMustBeAskedUntilItHasSaidYes) {
  now_ += std::chrono::minutes(5);
  EXPECT_EQ(admitted().provider, ProviderCheck::Due);
  EXPECT_EQ(admitted().provider, ProviderCheck::Due);
  EXPECT_EQ(verified({.user = "alice", .variables = {{"AUTHENTICATE_MAIL", "a@example.org"}}}),
            VerifyOutcome::Noted);
  const Examined examined = admitted();
  EXPECT_EQ(examined.provider, ProviderCheck::NotNeeded);
  EXPECT_EQ(examined.session->session->identity.variables.front().second, "a@example.org");
}

TEST_F(RevalidationTest, AnotherVerifiersYesIsWorthNothing) {
  policy_.verifier.fill(8);
  EXPECT_EQ(admitted().provider, ProviderCheck::AsAlways);
  now_ += std::chrono::minutes(6);
  EXPECT_EQ(admitted().provider, ProviderCheck::AsAlways);
}

TEST_F(RevalidationTest, AVerifierThatIsNotKnownIsAskedAboutEveryRequest) {
  policy_.verifier_is_known = false;
  EXPECT_EQ(admitted().provider, ProviderCheck::AsAlways);
  now_ += std::chrono::minutes(6);
  EXPECT_EQ(admitted().provider, ProviderCheck::Due) << "and once in a while not from its cache";
}

TEST_F(RevalidationTest, ItIsOffUnlessAskedFor) {
  policy_.revalidate.reset();
  now_ += std::chrono::minutes(6);
  EXPECT_EQ(admitted().provider, ProviderCheck::AsAlways);
}

TEST_F(RevalidationTest, ReportRefusesNothingAndSoAsksNothing) {
  policy_.report = true;
  now_ += std::chrono::minutes(6);
  EXPECT_EQ(admitted().provider, ProviderCheck::AsAlways);
}

TEST_F(RevalidationTest, AClockThatWasSetBackMakesTheCheckDue) {
  now_ -= std::chrono::hours(2);
  EXPECT_EQ(admitted().provider, ProviderCheck::Due);
}

TEST_F(RevalidationTest, ANoEndsTheSessionWithItsReason) {
  const Examined examined = admitted();
  ASSERT_TRUE(service_.end(*examined.session, EndReason::PasswordRefused, now_).ok());
  EXPECT_EQ(request(jar_, &alice_), Action::RefuseAndArm);
  const Result<Look> look = store_.find(examined.session->key);
  ASSERT_TRUE(look.ok() && look->found);
  EXPECT_EQ(look->found->record.session->end->reason, EndReason::PasswordRefused);
}

TEST_F(RevalidationTest, AYesThatComesAfterTheLogoutRevivesNothing) {
  NamedSession session = *admitted().session;
  log_out(jar_, &alice_);
  const Result<VerifyOutcome> noted =
      service_.note_verified(session, {.user = "alice"}, now_ + Seconds(1));
  ASSERT_TRUE(noted.ok());
  EXPECT_EQ(*noted, VerifyOutcome::Over);
  EXPECT_EQ(request(jar_, &alice_), Action::RefuseAndArm);
}

TEST_F(RevalidationTest, TheSuccessorOfAQueuedRequestIsRevalidatedToo) {
  const std::string old_jar = jar_;
  log_out(jar_, &alice_);
  sign_in(jar_, alice_);
  std::string queued = old_jar;
  EXPECT_EQ(examine(queued, &alice_).provider, ProviderCheck::NotNeeded);
  now_ += std::chrono::minutes(6);
  queued = old_jar;
  const Examined due = examine(queued, &alice_);
  EXPECT_EQ(due.verdict.action, Action::AdmitSuccessor);
  EXPECT_EQ(due.provider, ProviderCheck::Due);
}

}  // namespace
}  // namespace epoch::core
