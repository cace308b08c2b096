// The decision table, row by row, and what holds for every situation there is.
#include "core/decision.h"

#include <gtest/gtest.h>

#include <ostream>

namespace epoch::core {

static void PrintTo(const Verdict& verdict, std::ostream* out) {
  *out << "row " << verdict.row << ": " << to_string(verdict.action) << " ("
       << static_cast<int>(verdict.action) << "), cookie " << static_cast<int>(verdict.cookie)
       << ", " << to_string(verdict.reason);
}

namespace {

constexpr SendCookie kNothing = SendCookie::Nothing;
constexpr SendCookie kArmed = SendCookie::ArmedChallenge;
constexpr SendCookie kUnarmed = SendCookie::UnarmedChallenge;

RequestTraits navigation() {
  return {.sends_metadata = true, .navigation = true, .same_origin = true, .get = true};
}

RequestTraits script() {
  return {.sends_metadata = true, .script = true, .same_origin = true, .get = true};
}

RequestTraits image() { return {.sends_metadata = true, .same_origin = true, .get = true}; }

RequestTraits from_another_site(RequestTraits traits) {
  traits.cross_site = true;
  traits.same_origin = false;
  return traits;
}

RequestTraits form_post(RequestTraits traits = navigation()) {
  traits.get = false;
  return traits;
}

// curl, or a browser on plain http: no metadata at all.
RequestTraits silent_client() { return {.get = true}; }

Situation with(CookieState cookie, bool credentials, const RequestTraits& request = navigation()) {
  Situation s;
  s.cookie = cookie;
  s.credentials = credentials;
  s.request = request;
  return s;
}

Situation armed_challenge(bool credentials, const RequestTraits& request = navigation()) {
  Situation s = with(CookieState::Challenge, credentials, request);
  s.armed = true;
  return s;
}

TEST(DecisionRow1, WithoutTheStoreEverythingIsUnavailable) {
  Situation s = with(CookieState::Live, true);
  s.proof_equal = true;
  s.store_answers = false;
  EXPECT_EQ(decide(s), (Verdict{Action::Unavailable, kNothing, Reason::StoreUnavailable, 1}));
}

TEST(DecisionRow2, ALiveSessionInANewDirectoryPasses) {
  const Verdict expected{Action::Pass, kNothing, Reason::NoCredentials, 2};
  EXPECT_EQ(decide(with(CookieState::Live, false)), expected);
  EXPECT_EQ(decide(with(CookieState::Live, false, script())), expected);
}

TEST(DecisionRow3, ALiveSessionWithItsCredentialsIsAdmitted) {
  Situation s = with(CookieState::Live, true);
  s.proof_equal = true;
  EXPECT_EQ(decide(s), (Verdict{Action::Admit, kNothing, Reason::None, 3}));
  s.request = from_another_site(navigation());
  EXPECT_EQ(decide(s).action, Action::Admit);
}

TEST(DecisionRow4, OtherCredentialsUnderALiveSessionAreALogin) {
  EXPECT_EQ(decide(with(CookieState::Live, true)),
            (Verdict{Action::Login, kNothing, Reason::SwitchOfUser, 4}));
}

TEST(DecisionRow4, AnotherSiteCannotSwitchTheUser) {
  EXPECT_EQ(decide(with(CookieState::Live, true, from_another_site(navigation()))),
            (Verdict{Action::Forbid, kNothing, Reason::CrossSite, 4}));
}

TEST(DecisionRow4, CredentialsOfAnotherOriginOrRealmAreRefusedAndArm) {
  Situation s = with(CookieState::Live, true);
  s.elsewhere = true;
  EXPECT_EQ(decide(s), (Verdict{Action::RefuseAndArm, kArmed, Reason::ChallengeElsewhere, 4}));
  s.proof_equal = true;
  EXPECT_EQ(decide(s).action, Action::Admit);
}

TEST(DecisionRow5, OldCookieAndNewCredentialsAreAdmittedAsTheSuccessor) {
  for (const CookieState cookie : {CookieState::Dead, CookieState::Challenge}) {
    Situation s = with(cookie, true, image());
    s.successor_lives = true;
    EXPECT_EQ(decide(s), (Verdict{Action::AdmitSuccessor, SendCookie::Session, Reason::None, 5}));
  }
}

TEST(DecisionRow6, CredentialsUnderAnEndedSessionAreRefusedAndArm) {
  const Verdict expected{Action::RefuseAndArm, kArmed, Reason::SessionEnded, 6};
  EXPECT_EQ(decide(with(CookieState::Dead, true)), expected);
  EXPECT_EQ(decide(with(CookieState::Dead, true, silent_client())), expected);
}

TEST(DecisionRow6, CredentialsThatWereOvertakenAreRefusedAndDoNotArm) {
  for (const CookieState cookie : {CookieState::Dead, CookieState::Challenge}) {
    Situation s = with(cookie, true);
    s.overtaken = true;
    EXPECT_EQ(decide(s).action, Action::RefuseAndArm);
    EXPECT_EQ(decide(s).cookie, kUnarmed);
    s.request.forget = true;
    EXPECT_EQ(decide(s).cookie, kNothing);
  }
}

TEST(DecisionRow7, AnEndedSessionWithoutCredentialsKeepsItsCookie) {
  EXPECT_EQ(decide(with(CookieState::Dead, false, image())),
            (Verdict{Action::AskBasic, kNothing, Reason::SessionEnded, 7}));
  EXPECT_EQ(decide(with(CookieState::Dead, false, silent_client())),
            (Verdict{Action::AskBasic, kNothing, Reason::SessionEnded, 7}));
}

TEST(DecisionRow7, ANavigationGetsTheSignInPage) {
  EXPECT_EQ(decide(with(CookieState::Dead, false)),
            (Verdict{Action::SignInPage, kNothing, Reason::SessionEnded, 7}));
}

TEST(DecisionRow7, AFormPostKeepsItsContentAndIsAskedAtOnce) {
  EXPECT_EQ(decide(with(CookieState::Dead, false, form_post())).action, Action::AskBasic);
}

TEST(DecisionRow7, AScriptRaisesNoDialog) {
  EXPECT_EQ(decide(with(CookieState::Dead, false, script())),
            (Verdict{Action::AskEpoch, kNothing, Reason::SessionEnded, 7}));
}

TEST(DecisionRow8, AnUnarmedChallengeWithCredentialsIsRefusedAndArms) {
  EXPECT_EQ(decide(with(CookieState::Challenge, true)),
            (Verdict{Action::RefuseAndArm, kArmed, Reason::ChallengeUnarmed, 8}));
}

TEST(DecisionRow9, AnUnarmedChallengeWithoutCredentialsKeepsItsCookie) {
  EXPECT_EQ(decide(with(CookieState::Challenge, false, image())),
            (Verdict{Action::AskBasic, kNothing, Reason::NoCredentials, 9}));
  EXPECT_EQ(decide(with(CookieState::Challenge, false)),
            (Verdict{Action::SignInPage, kNothing, Reason::NoCredentials, 9}));
  EXPECT_EQ(decide(with(CookieState::Challenge, false, script())),
            (Verdict{Action::AskEpoch, kNothing, Reason::NoCredentials, 9}));
}

TEST(DecisionRow10, AnArmedChallengeWithCredentialsIsALogin) {
  const Verdict expected{Action::Login, kNothing, Reason::None, 10};
  EXPECT_EQ(decide(armed_challenge(true)), expected);
  EXPECT_EQ(decide(armed_challenge(true, script())), expected);
  EXPECT_EQ(decide(armed_challenge(true, silent_client())), expected);
}

TEST(DecisionRow10, AScriptThatHasKeptThePasswordIsNoPersonWhoTypes) {
  Situation s = armed_challenge(true, script());
  s.after_session = true;
  EXPECT_EQ(decide(s), (Verdict{Action::Forbid, kNothing, Reason::Script, 10}));
  s.request = image();
  EXPECT_EQ(decide(s).action, Action::Login);
}

TEST(DecisionRow11, AnArmedChallengeWithoutCredentialsIsAskedAndKept) {
  EXPECT_EQ(decide(armed_challenge(false)),
            (Verdict{Action::AskBasic, kNothing, Reason::NoCredentials, 11}));
  EXPECT_EQ(decide(armed_challenge(false, script())),
            (Verdict{Action::AskEpoch, kNothing, Reason::NoCredentials, 11}));
}

TEST(DecisionRow11, ANavigationPastHalfItsLifeGetsANewOne) {
  Situation s = armed_challenge(false);
  s.past_half_life = true;
  EXPECT_EQ(decide(s), (Verdict{Action::AskBasic, kArmed, Reason::NoCredentials, 11}));
  s.request = image();
  EXPECT_EQ(decide(s).cookie, kNothing);
}

TEST(DecisionRow11, WhatIsNoLongerTrustedIsNotRenewedWithoutCredentials) {
  for (bool Situation::*why :
       {&Situation::expired, &Situation::elsewhere, &Situation::lineage_closed}) {
    Situation s = armed_challenge(false);
    s.past_half_life = true;
    s.*why = true;
    EXPECT_EQ(decide(s), (Verdict{Action::SignInPage, kNothing, Reason::NoCredentials, 11}));
  }
}

TEST(DecisionRow12, AnArmedChallengeThatIsNotTrustedIsRefusedAndArms) {
  Situation expired = armed_challenge(true);
  expired.expired = true;
  EXPECT_EQ(decide(expired), (Verdict{Action::RefuseAndArm, kArmed, Reason::ChallengeExpired, 12}));
  Situation elsewhere = armed_challenge(true);
  elsewhere.elsewhere = true;
  EXPECT_EQ(decide(elsewhere),
            (Verdict{Action::RefuseAndArm, kArmed, Reason::ChallengeElsewhere, 12}));
  Situation closed = armed_challenge(true);
  closed.lineage_closed = true;
  EXPECT_EQ(decide(closed), (Verdict{Action::RefuseAndArm, kArmed, Reason::LineageClosed, 12}));
}

TEST(DecisionRow13, ANewClientIsAskedWithAnArmedChallenge) {
  const Verdict expected{Action::AskBasic, kArmed, Reason::NewClient, 13};
  EXPECT_EQ(decide(with(CookieState::Absent, false)), expected);
  EXPECT_EQ(decide(with(CookieState::Absent, false, silent_client())), expected);
  EXPECT_EQ(decide(with(CookieState::Absent, false, from_another_site(navigation()))), expected);
}

TEST(DecisionRow13, AnotherSitesSubresourceGetsNoCookie) {
  EXPECT_EQ(decide(with(CookieState::Absent, false, from_another_site(image()))),
            (Verdict{Action::AskBasic, kNothing, Reason::NewClient, 13}));
}

TEST(DecisionRow13, AnotherSitesPostIsForbidden) {
  EXPECT_EQ(decide(with(CookieState::Absent, false, form_post(from_another_site(navigation())))),
            (Verdict{Action::Forbid, kNothing, Reason::CrossSite, 13}));
}

TEST(DecisionRow14, AMalformedCookieWithoutCredentialsBecomesAnUnarmedChallenge) {
  EXPECT_EQ(decide(with(CookieState::Malformed, false, image())),
            (Verdict{Action::AskBasic, kUnarmed, Reason::BadCookie, 14}));
  EXPECT_EQ(decide(with(CookieState::Malformed, false)),
            (Verdict{Action::SignInPage, kUnarmed, Reason::BadCookie, 14}));
}

TEST(DecisionRow15, AnotherSitesPostWithCredentialsIsForbidden) {
  const Verdict expected{Action::Forbid, kNothing, Reason::CrossSite, 15};
  for (const CookieState cookie : {CookieState::Absent, CookieState::Malformed}) {
    EXPECT_EQ(decide(with(cookie, true, form_post(from_another_site(navigation())))), expected);
    EXPECT_EQ(decide(with(cookie, true, from_another_site(image()))), expected);
  }
}

TEST(DecisionRow15, AnotherSitesFrameIsNoLinkThatSomebodyFollowed) {
  RequestTraits frame = from_another_site(navigation());
  frame.framed = true;
  EXPECT_EQ(decide(with(CookieState::Absent, true, frame)),
            (Verdict{Action::Forbid, kNothing, Reason::CrossSite, 15}));
  EXPECT_EQ(decide(with(CookieState::Absent, false, frame)).cookie, kNothing);
}

TEST(DecisionRow15, AnotherSitesLinkIsNot) {
  EXPECT_EQ(decide(with(CookieState::Absent, true, from_another_site(navigation()))).row, 17);
}

TEST(DecisionRow15, MayBeSwitchedOff) {
  Situation s = with(CookieState::Absent, true, form_post(from_another_site(navigation())));
  s.cross_site_allowed = true;
  EXPECT_EQ(decide(s).row, 17);
}

TEST(DecisionRow15, AppliesToAllRowsWhereOtherSitesSendTheCookie) {
  Situation s = with(CookieState::Live, true, form_post(from_another_site(navigation())));
  s.proof_equal = true;
  EXPECT_EQ(decide(s).action, Action::Admit);
  s.same_site_none = true;
  EXPECT_EQ(decide(s), (Verdict{Action::Forbid, kNothing, Reason::CrossSite, 15}));
  s.cross_site_allowed = true;
  EXPECT_EQ(decide(s).action, Action::Admit);
}

TEST(DecisionRow16, WhereStatelessHoldsCredentialsAloneAreEnough) {
  for (const CookieState cookie : {CookieState::Absent, CookieState::Malformed}) {
    Situation s = with(cookie, true, silent_client());
    s.stateless = true;
    EXPECT_EQ(decide(s), (Verdict{Action::Stateless, kNothing, Reason::None, 16}));
  }
}

TEST(DecisionRow16, ButNotWithTheCookieOfAnEndedSession) {
  Situation s = with(CookieState::Dead, true, silent_client());
  s.stateless = true;
  EXPECT_EQ(decide(s).row, 6);
}

TEST(DecisionRow17, CredentialsWithoutACookieAreRefusedAndArm) {
  EXPECT_EQ(decide(with(CookieState::Absent, true)),
            (Verdict{Action::RefuseAndArm, kArmed, Reason::NoCookie, 17}));
  EXPECT_EQ(decide(with(CookieState::Malformed, true)),
            (Verdict{Action::RefuseAndArm, kArmed, Reason::BadCookie, 17}));
}

TEST(DecisionAboutScripts, TheirRefusedCredentialsNeverArm) {
  Situation expired = armed_challenge(true, script());
  expired.expired = true;
  const std::pair<Situation, int> cases[] = {
      {with(CookieState::Dead, true, script()), 6},
      {with(CookieState::Challenge, true, script()), 8},
      {expired, 12},
      {with(CookieState::Absent, true, script()), 17},
  };
  for (const auto& [situation, row] : cases) {
    EXPECT_EQ(decide(situation), (Verdict{Action::Forbid, kNothing, Reason::Script, row}));
  }
}

TEST(DecisionAboutForget, IsAlwaysAskedAndArmsOnlyWithCredentials) {
  RequestTraits forget = script();
  forget.forget = true;
  for (const CookieState cookie :
       {CookieState::Absent, CookieState::Malformed, CookieState::Dead, CookieState::Challenge}) {
    EXPECT_EQ(decide(with(cookie, false, forget)),
              (Verdict{Action::AskBasic, kNothing, Reason::Forget, 0}));
    EXPECT_EQ(decide(with(cookie, true, forget)),
              (Verdict{Action::AskBasic, kArmed, Reason::Forget, 0}));
  }
}

TEST(DecisionAboutForget, LeavesALiveSessionAlone) {
  RequestTraits forget = script();
  forget.forget = true;
  Situation s = with(CookieState::Live, true, forget);
  s.proof_equal = true;
  EXPECT_EQ(decide(s), (Verdict{Action::AskBasic, kNothing, Reason::Forget, 0}));
}

TEST(DecisionAboutSpeculation, ShowsOnlyWhatASessionAlreadyAdmits) {
  RequestTraits prerender = navigation();
  prerender.speculative = true;
  Situation admitted = with(CookieState::Live, true, prerender);
  admitted.proof_equal = true;
  EXPECT_EQ(decide(admitted).action, Action::Admit);
  const Verdict expected{Action::Forbid, kNothing, Reason::Speculative, 0};
  EXPECT_EQ(decide(with(CookieState::Live, false, prerender)), expected);
  EXPECT_EQ(decide(with(CookieState::Absent, false, prerender)), expected);
  EXPECT_EQ(decide(armed_challenge(true, prerender)), expected);
}

TEST(DecisionAboutFreshLogin, ANavigationIsRefusedAndArmed) {
  Situation s = with(CookieState::Live, true);
  s.proof_equal = s.login_too_old = true;
  EXPECT_EQ(decide(s), (Verdict{Action::RefuseAndArm, kArmed, Reason::FreshLogin, 3}));
  s.request = silent_client();
  EXPECT_EQ(decide(s).action, Action::RefuseAndArm);
}

TEST(DecisionAboutFreshLogin, AnythingElseIsForbiddenAndKeepsTheCookie) {
  Situation s = with(CookieState::Live, true);
  s.proof_equal = s.login_too_old = true;
  for (const RequestTraits& request : {script(), image()}) {
    s.request = request;
    EXPECT_EQ(decide(s), (Verdict{Action::Forbid, kNothing, Reason::FreshLogin, 3}));
  }
}

TEST(DecisionAboutFreshLogin, TheSuccessorMustBeFreshToo) {
  Situation s = with(CookieState::Dead, true);
  s.successor_lives = s.login_too_old = true;
  EXPECT_EQ(decide(s), (Verdict{Action::RefuseAndArm, kArmed, Reason::FreshLogin, 5}));
}

TEST(DecisionAboutConflict, IsRow6) {
  EXPECT_EQ(decide_conflict(navigation(), /*overtaken=*/false),
            (Verdict{Action::RefuseAndArm, kArmed, Reason::Conflict, 6}));
  EXPECT_EQ(decide_conflict(navigation(), /*overtaken=*/true),
            (Verdict{Action::RefuseAndArm, kUnarmed, Reason::Conflict, 6}));
  EXPECT_EQ(decide_conflict(script(), /*overtaken=*/false),
            (Verdict{Action::Forbid, kNothing, Reason::Script, 6}));
}

// Every situation that can be put in its terms: five cookie states times 2^25.
class EverySituation : public testing::TestWithParam<CookieState> {
 protected:
  template <typename Check>
  void for_each(Check check) {
    constexpr unsigned kBits = 25;
    for (unsigned bits = 0; bits < (1U << kBits); ++bits) {
      unsigned rest = bits;
      const auto bit = [&rest] {
        const bool set = (rest & 1U) != 0;
        rest >>= 1U;
        return set;
      };
      Situation s;
      s.cookie = GetParam();
      s.store_answers = bit();
      s.credentials = bit();
      s.proof_equal = bit();
      s.successor_lives = bit();
      s.login_too_old = bit();
      s.armed = bit();
      s.expired = bit();
      s.elsewhere = bit();
      s.lineage_closed = bit();
      s.past_half_life = bit();
      s.after_session = bit();
      s.overtaken = bit();
      s.stateless = bit();
      s.cross_site_allowed = bit();
      s.same_site_none = bit();
      s.request.sends_metadata = bit();
      s.request.navigation = bit();
      s.request.script = bit();
      s.request.cross_site = bit();
      s.request.same_origin = bit();
      s.request.typed = bit();
      s.request.speculative = bit();
      s.request.get = bit();
      s.request.forget = bit();
      s.request.framed = bit();
      if (!check(s, decide(s))) {
        FAIL() << "situation " << bits << ": " << testing::PrintToString(decide(s));
      }
    }
  }
};

TEST_P(EverySituation, LetsNothingOnToTheProviderWithoutItsEvidence) {
  for_each([](const Situation& s, const Verdict& v) {
    const bool trusted_challenge = s.cookie == CookieState::Challenge && s.armed && !s.expired &&
                                   !s.elsewhere && !s.lineage_closed;
    const bool without_session =
        s.cookie == CookieState::Absent || s.cookie == CookieState::Malformed;
    switch (v.action) {
      case Action::Admit:
        return s.store_answers && s.credentials && s.cookie == CookieState::Live && s.proof_equal;
      case Action::AdmitSuccessor:
        return s.store_answers && s.credentials && s.successor_lives &&
               (s.cookie == CookieState::Dead || s.cookie == CookieState::Challenge);
      case Action::Login:
        return s.store_answers && s.credentials &&
               ((s.cookie == CookieState::Live && !s.elsewhere) ||
                (trusted_challenge && !(s.request.script && s.after_session)));
      case Action::Stateless:
        return s.store_answers && s.credentials && s.stateless && without_session;
      case Action::Pass:
        return s.store_answers && !s.credentials && s.cookie == CookieState::Live;
      default:
        return true;
    }
  });
}

TEST_P(EverySituation, ArmsOnlyWhereTheBrowserHoldsNothingStale) {
  for_each([](const Situation& s, const Verdict& v) {
    if (v.cookie != SendCookie::ArmedChallenge) return true;
    const bool fresh_login = v.reason == Reason::FreshLogin;  // of a session that is live
    const bool drops_credentials = s.credentials && (!s.overtaken || fresh_login) &&
                                   (v.action == Action::RefuseAndArm || s.request.forget);
    const bool new_client = s.cookie == CookieState::Absent && !s.credentials;
    const bool was_armed = s.cookie == CookieState::Challenge && s.armed && !s.expired &&
                           !s.elsewhere && !s.lineage_closed && !s.credentials;
    return drops_credentials || new_client || was_armed;
  });
}

TEST_P(EverySituation, NeverArmsOnWhatAScriptMayHaveSetItself) {
  for_each([](const Situation& s, const Verdict& v) {
    return v.action != Action::RefuseAndArm || !s.request.script;
  });
}

TEST_P(EverySituation, LetsNoOtherSiteLogAnybodyOut) {
  for_each([](const Situation& s, const Verdict& v) {
    const bool post = s.request.cross_site && !s.request.get && s.credentials;
    const bool cookie_was_not_sent = s.cookie == CookieState::Absent;
    if (!post || !cookie_was_not_sent || s.cross_site_allowed || s.request.forget) return true;
    return v.action == Action::Unavailable || v.action == Action::Forbid;
  });
}

TEST_P(EverySituation, LetsSpeculationNeitherPromptNorOpenNorSetAChallenge) {
  for_each([](const Situation& s, const Verdict& v) {
    if (!s.request.speculative || s.request.forget || !s.store_answers) return true;
    return v.action == Action::Admit || v.action == Action::AdmitSuccessor ||
           v.action == Action::Stateless || (v.action == Action::Forbid && v.cookie == kNothing);
  });
}

INSTANTIATE_TEST_SUITE_P(Decision, EverySituation,
                         testing::Values(CookieState::Absent, CookieState::Malformed,
                                         CookieState::Live, CookieState::Dead,
                                         CookieState::Challenge));

}  // namespace
}  // namespace epoch::core
