// What the tests of the use cases share: a client in front of one location, and a store in memory.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/service.h"
#include "store/memory_store.h"

namespace epoch::core {

inline constexpr TimePoint kStart{Seconds(1'800'000'000)};
inline constexpr std::string_view kCookieName = "epoch-1";

class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    ++counter_;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(counter_ >> (8 * (i % 4)));
    }
  }

 private:
  std::uint32_t counter_ = 0;
};

inline KeyRing one_key(std::uint8_t byte) {
  Hash256 secret;
  secret.fill(byte);
  return KeyRing({SigningKey(kStart, secret)});
}

inline RequestTraits navigation() {
  return {.sends_metadata = true, .navigation = true, .same_origin = true, .get = true};
}

// A client with a cookie jar, in front of one location.
class ServiceTest : public testing::Test {
 protected:
  store::MemoryStore store_{Hash256{1}};
  KeyRing keys_ = one_key(1);
  CountingEntropy entropy_;
  Service service_{store_, keys_, entropy_};
  TimePoint now_ = kStart;
  Policy policy_{.limits = {.idle = std::chrono::minutes(30), .max_age = std::chrono::hours(12)}};
  std::string origin_ = "https://example.org";
  std::string realm_ = "Intranet";
  std::string zone_ = "zone";
  RequestTraits traits_ = navigation();

  Presented present(const std::string& jar, const Credentials* credentials) const {
    return {.cookie_header = jar,
            .cookie_name = kCookieName,
            .credentials = credentials,
            .request = traits_,
            .zone = zone_,
            .origin = origin_,
            .realm = realm_,
            .space = space_tag(origin_, realm_)};
  }

  static void keep(const std::string& value, std::string& jar) {
    if (!value.empty()) jar = std::string(kCookieName) + "=" + value;
  }

  Examined examine(std::string& jar, const Credentials* credentials) {
    Examined examined = service_.examine(present(jar, credentials), policy_, now_);
    keep(examined.cookie_value, jar);
    return examined;
  }

  OpenOutcome open(const PendingLogin& login, std::string& jar, const std::string& user) {
    const Result<OpenedSession> opened = service_.open(login,
                                                       {.identity = {.user = user},
                                                        .zone = zone_,
                                                        .verifier = policy_.verifier,
                                                        .address = "",
                                                        .user_agent = ""},
                                                       policy_, now_);
    EXPECT_TRUE(opened.ok());
    const bool signed_in =
        opened->outcome == OpenOutcome::Opened || opened->outcome == OpenOutcome::Joined;
    if (signed_in) keep(opened->cookie_value, jar);
    return opened->outcome;
  }

  // A request of this client; whatever the provider is asked it answers with yes.
  Action request(std::string& jar, const Credentials* credentials) {
    const Examined examined = examine(jar, credentials);
    if (examined.verdict.action == Action::Login) {
      EXPECT_NE(open(*examined.login, jar, std::string(credentials->user())),
                OpenOutcome::Conflict);
    }
    return examined.verdict.action;
  }

  void sign_in(std::string& jar, const Credentials& credentials) {
    EXPECT_NE(request(jar, &credentials), Action::Admit);
    EXPECT_EQ(request(jar, &credentials), Action::Login);
  }

  LoggedOut log_out(std::string& jar, const Credentials* credentials,
                    LogoutScope scope = LogoutScope::ThisBrowser) {
    Result<LoggedOut> done =
        service_.logout(present(jar, credentials), {.scope = scope}, policy_.limits, now_);
    EXPECT_TRUE(done.ok());
    keep(done->cookie_value, jar);
    return *std::move(done);
  }

  const Credentials alice_{"alice", "wonderland"};
  const Credentials bob_{"bob", "builder"};
};

}  // namespace epoch::core
