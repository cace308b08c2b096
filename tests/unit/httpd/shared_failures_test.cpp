#include "httpd/shared_failures.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <string>
#include <vector>

namespace epoch::httpd {
namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr FailureLimit kLimit{.failures = 5, .window_ms = 15 * kMinute};
constexpr std::size_t kPlacesInAll = 2048 * 16;

// In memory that a forked process shares, as in httpd.
class SharedFailuresTest : public testing::Test {
 protected:
  SharedFailuresTest()
      : memory_(::mmap(nullptr, sizeof(SharedFailures), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    shared_ = ::new (memory_) SharedFailures();
    shared_->set_key(core::sha256({core::bytes_of("key")}));
  }
  ~SharedFailuresTest() override { ::munmap(memory_, sizeof(SharedFailures)); }

  [[nodiscard]] LoginName login(std::string_view user, std::string_view address,
                                std::string_view credentials) const {
    return shared_->name(verifier_, user, credentials, address);
  }
  // Each guess is another one.
  Turn guess(std::string_view user, std::string_view address) {
    return shared_->begin(login(user, address, std::to_string(++guesses_)), kLimit, now_);
  }
  // Tries until it is told to wait; how often it could.
  int guesses_until_told_to_wait(std::string_view user, std::string_view address) {
    int count = 0;
    while (guess(user, address).wait_ms == 0) ++count;
    return count;
  }
  void log_in(std::string_view user, std::string_view address) {
    const LoginName name = login(user, address, "right");
    const Turn turn = shared_->begin(name, kLimit, now_);
    ASSERT_EQ(turn.wait_ms, 0);
    shared_->succeed(name, turn, now_);
  }
  bool must_wait(std::string_view user, std::string_view address) {
    const LoginName name = login(user, address, "probe");
    const Turn turn = shared_->begin(name, kLimit, now_);
    shared_->take_back(name, turn, now_);
    return turn.wait_ms > 0;
  }

  void* memory_;
  SharedFailures* shared_;
  core::Verifier verifier_{1};
  std::int64_t now_ = 12345678;
  int guesses_ = 0;
};

TEST_F(SharedFailuresTest, AfterFiveFailuresOneWaits) {
  EXPECT_EQ(guesses_until_told_to_wait("alice", "192.0.2.1"), 5);
  EXPECT_EQ(guess("alice", "192.0.2.1").wait_ms, 15 * kSecond);
}

TEST_F(SharedFailuresTest, TheWaitDoublesWithEachFailure) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 3; ++i) {
    waits.push_back(guess("alice", "192.0.2.1").wait_ms / kSecond);
    now_ += waits.back() * kSecond;
    EXPECT_EQ(guess("alice", "192.0.2.1").wait_ms, 0) << "the wait is over";
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{15, 30, 60}));
}

TEST_F(SharedFailuresTest, WhoWaitsIsNotMadeToWaitLongerByTrying) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  now_ += 14 * kSecond;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(guess("alice", "192.0.2.1").wait_ms, kSecond);
}

TEST_F(SharedFailuresTest, AGuesserWhoNeverRestsHasNoMoreThanTheAllowance) {
  const std::int64_t end = now_ + 24 * 60 * kMinute;
  int guesses = 0;
  for (; now_ < end; now_ += kSecond) guesses += guess("alice", "192.0.2.1").wait_ms == 0 ? 1 : 0;
  EXPECT_LE(guesses, 24 * 4 * 5 + 2 * 5);
}

// OWASP ASVS: no more than a hundred an hour.
TEST_F(SharedFailuresTest, ManyAddressesHaveLessThanAHundredGuessesAnHourAtOneUser) {
  const std::int64_t end = now_ + 60 * kMinute;
  int guesses = 0;
  int address = 0;
  for (; now_ < end; now_ += kSecond) {
    const std::string from = "2001:db8:0:" + std::to_string(++address) + "::1";
    guesses += guess("alice", from).wait_ms == 0 ? 1 : 0;
  }
  EXPECT_GE(guesses, 15);
  EXPECT_LT(guesses, 100);
}

TEST_F(SharedFailuresTest, OneAddressCannotGoThroughAllUsers) {
  int guesses = 0;
  for (int user = 0; user < 500; ++user) {
    guesses += guess("user" + std::to_string(user), "192.0.2.1").wait_ms == 0 ? 1 : 0;
  }
  EXPECT_EQ(guesses, 50);
  EXPECT_FALSE(must_wait("alice", "192.0.2.2")) << "another address is another matter";
}

TEST_F(SharedFailuresTest, AnotherUserAtTheSameAddressDoesNotWait) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  EXPECT_FALSE(must_wait("bob", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, WhoKnowsOnlyTheNameCannotKeepItsOwnerOut) {
  log_in("alice", "192.0.2.1");
  for (int address = 0; address < 200; ++address) {
    guess("alice", "198.51.100." + std::to_string(address));
  }
  EXPECT_TRUE(must_wait("alice", "203.0.113.1"));
  EXPECT_FALSE(must_wait("alice", "192.0.2.1")) << "where she has logged in before";
}

TEST_F(SharedFailuresTest, WhoHasLoggedInIsNotHeldUpByOthersAtTheSameAddress) {
  log_in("alice", "192.0.2.1");
  for (int user = 0; user < 100; ++user) guess("user" + std::to_string(user), "192.0.2.1");
  EXPECT_TRUE(must_wait("bob", "192.0.2.1"));
  EXPECT_FALSE(must_wait("alice", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, AnAcquaintanceIsSlowedLikeAnybodyAtThePair) {
  log_in("alice", "192.0.2.1");
  EXPECT_EQ(guesses_until_told_to_wait("alice", "192.0.2.1"), 5);
}

TEST_F(SharedFailuresTest, ALoginClearsThePairAndNotTheAddress) {
  for (int i = 0; i < 4; ++i) guess("alice", "192.0.2.1");
  log_in("alice", "192.0.2.1");
  EXPECT_EQ(guesses_until_told_to_wait("alice", "192.0.2.1"), 5);
  int guesses = 0;
  for (int user = 0; user < 100; ++user) {
    guesses += guess("user" + std::to_string(user), "192.0.2.1").wait_ms == 0 ? 1 : 0;
  }
  EXPECT_EQ(guesses, 46) << "four count for it; as an acquaintance she counts for herself alone";
}

TEST_F(SharedFailuresTest, LoginsOfOthersDoNotProlongTheWaitOfAnAddress) {
  for (int user = 0; user < 100; ++user) guess("user" + std::to_string(user), "192.0.2.1");
  EXPECT_EQ(guess("bob", "192.0.2.1").wait_ms, 15 * kSecond);
  now_ += 15 * kSecond;
  log_in("alice", "192.0.2.1");
  EXPECT_EQ(guess("bob", "192.0.2.1").wait_ms, 0);
}

TEST_F(SharedFailuresTest, FailuresAreForgotten) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  now_ += kLimit.window_ms;
  EXPECT_EQ(guesses_until_told_to_wait("alice", "192.0.2.1"), 5);
}

TEST_F(SharedFailuresTest, WhatCouldNotBeFoundOutDoesNotCount) {
  for (int i = 0; i < 100; ++i) {
    const LoginName name = login("alice", "192.0.2.1", std::to_string(i));
    const Turn turn = shared_->begin(name, kLimit, now_);
    EXPECT_EQ(turn.wait_ms, 0);
    shared_->take_back(name, turn, now_);
  }
}

TEST_F(SharedFailuresTest, OneTypedAnswerCountsOnceHoweverManyRequestsSendIt) {
  const LoginName answer = login("alice", "192.0.2.1", "typing error");
  EXPECT_EQ(shared_->begin(answer, kLimit, now_).counters, 3U);
  for (int i = 0; i < 10; ++i) {
    const Turn turn = shared_->begin(answer, kLimit, now_ += 100);
    EXPECT_EQ(turn.wait_ms, 0);
    EXPECT_EQ(turn.counters, 0U);
  }
  EXPECT_EQ(guesses_until_told_to_wait("alice", "192.0.2.1"), 4);
}

TEST_F(SharedFailuresTest, TheAnswerThatUsesUpTheAllowanceIsHeardWithAllItsRequests) {
  for (int i = 0; i < 4; ++i) guess("alice", "192.0.2.1");
  const LoginName answer = login("alice", "192.0.2.1", "right at last");
  const Turn first = shared_->begin(answer, kLimit, now_);
  EXPECT_EQ(shared_->begin(answer, kLimit, now_).wait_ms, 0);
  shared_->succeed(answer, first, now_);
  EXPECT_FALSE(must_wait("alice", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, ManyAtOnceAreNoMoreThanOneAfterAnother) {
  int under_way = 0;
  for (int i = 0; i < 400; ++i) under_way += guess("alice", "192.0.2.1").wait_ms == 0 ? 1 : 0;
  EXPECT_EQ(under_way, 5) << "none of which has been answered yet";
}

TEST_F(SharedFailuresTest, ToBeToldToWaitIsNewsOnceForEachAnswer) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  const LoginName answer = login("alice", "192.0.2.1", "polling");
  EXPECT_TRUE(shared_->begin(answer, kLimit, now_).is_news);
  EXPECT_FALSE(shared_->begin(answer, kLimit, now_).is_news);
  EXPECT_TRUE(guess("alice", "192.0.2.1").is_news);
}

TEST_F(SharedFailuresTest, ADirectorysSpellingsOfANameAreOneUser) {
  for (const char* user : {"alice may", "ALICE MAY", " Alice  May ", "aLICE may", "alice MAY  "}) {
    EXPECT_EQ(guess(user, "192.0.2.1").wait_ms, 0);
  }
  EXPECT_TRUE(must_wait("alice may", "192.0.2.1"));
  EXPECT_FALSE(must_wait("alicemay", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, AnIpv6NetworkIsOneAddress) {
  for (int host = 1; host <= 5; ++host) guess("alice", "2001:db8::" + std::to_string(host));
  EXPECT_TRUE(must_wait("alice", "2001:db8:0:0:ffff::1"));
  EXPECT_FALSE(must_wait("alice", "2001:db8:0:1::1"));
}

TEST_F(SharedFailuresTest, AnIpv4AddressIsTheSameInEitherSpelling) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  EXPECT_TRUE(must_wait("alice", "::ffff:192.0.2.1"));
  EXPECT_FALSE(must_wait("alice", "::ffff:192.0.2.2"));
}

// Somebody may write an .htaccess file with a password file of their own.
TEST_F(SharedFailuresTest, ALoginWithAnotherVerifierIsAnotherUsers) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  verifier_ = {2};
  log_in("alice", "192.0.2.1");
  verifier_ = {1};
  EXPECT_TRUE(must_wait("alice", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, AFloodOfNamesMakesNobodyWait) {
  for (std::size_t i = 0; i < 4 * kPlacesInAll; ++i) {
    guess("flood" + std::to_string(i), "2001:db8:0:" + std::to_string(i % 9999) + "::1");
  }
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(must_wait("user" + std::to_string(i), "192.0.2.1"));
}

TEST_F(SharedFailuresTest, AFloodOfItsSizeDoesNotResetWhoWaits) {
  guesses_until_told_to_wait("alice", "192.0.2.1");
  for (std::size_t i = 0; i < kPlacesInAll / 3; ++i) {
    const std::string name = std::to_string(i);
    guess("flood" + name,
          "2001:db8:" + std::to_string(i / 9999) + ":" + std::to_string(i % 9999) + "::1");
  }
  EXPECT_TRUE(must_wait("alice", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, FailedLoginsNeverMakeAnAcquaintanceForgotten) {
  log_in("alice", "192.0.2.1");
  for (std::size_t i = 0; i < 4 * kPlacesInAll; ++i) {
    guess("flood" + std::to_string(i), "2001:db8:0:" + std::to_string(i % 9999) + "::1");
  }
  for (int i = 0; i < 50; ++i) guess("user" + std::to_string(i), "192.0.2.1");
  EXPECT_FALSE(must_wait("alice", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, AllProcessesCountTogether) {
  const pid_t child = ::fork();
  if (child == 0) {
    guesses_until_told_to_wait("alice", "192.0.2.1");
    ::_exit(0);
  }
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(must_wait("alice", "192.0.2.1"));
}

TEST_F(SharedFailuresTest, AnotherLocationsLimitTakesFailuresOver) {
  for (int i = 0; i < 3; ++i) guess("alice", "192.0.2.1");
  const FailureLimit strict{.failures = 3, .window_ms = 60 * kMinute};
  EXPECT_GT(shared_->begin(login("alice", "192.0.2.1", "x"), strict, now_).wait_ms, 0);
}

}  // namespace
}  // namespace epoch::httpd
