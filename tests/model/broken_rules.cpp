#include "broken_rules.h"

#include "cookies.h"

namespace epoch::model {
namespace {

using core::Action;

constexpr std::size_t kAll = 1000;  // records: more than there ever are

std::optional<core::Challenge> presented_challenge(const Exchange& exchange) {
  const core::NamedCookies cookies =
      core::find_cookies(exchange.presented.cookie_header, exchange.presented.cookie_name);
  if (cookies.count == 0) return std::nullopt;
  return read_cookie(std::string(cookies.values[0])).challenge;
}

// A challenge that follows the cookie's lineage, or a new one.
core::Challenge following_challenge(const Exchange& exchange, bool armed) {
  core::Challenge challenge;
  challenge.armed = armed;
  challenge.issued = exchange.now;
  const core::NamedCookies cookies =
      core::find_cookies(exchange.presented.cookie_header, exchange.presented.cookie_name);
  if (const std::optional<core::Challenge> presented = presented_challenge(exchange)) {
    challenge.lineage = presented->lineage;
  } else if (cookies.count > 0) {
    challenge.lineage.root = read_cookie(std::string(cookies.values[0])).root;
  }
  return challenge;
}

void send_challenge(const Exchange& exchange, core::Examined& examined, bool armed) {
  examined.cookie_value = forge(following_challenge(exchange, armed), exchange);
  examined.verdict.cookie =
      armed ? core::SendCookie::ArmedChallenge : core::SendCookie::UnarmedChallenge;
}

void refuse_and_arm(const Exchange& exchange, core::Examined& examined) {
  examined.verdict.action = Action::RefuseAndArm;
  send_challenge(exchange, examined, /*armed=*/true);
}

class RecreatingStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  core::Result<std::size_t> touch(std::span<const core::Touch> touches) override {
    for (const core::Touch& touch : touches) {
      const core::Look look = *find(touch.key);
      if (!look.found || !look.found->record.session || !look.found->record.session->end) continue;
      write_anew(touch, *look.found->record.session);
    }
    return ForwardingStore::touch(touches);
  }

 private:
  void write_anew(const core::Touch& touch, const core::Session& session) {
    static_cast<void>(*purge(std::nullopt, kAll, session.end->at + core::kRemembered));
    static_cast<void>(*open({.key = touch.key,
                             .root = {},
                             .session = session,
                             .follows = {.root = touch.key.value},
                             .signing_key = 0,
                             .seen = *moment(),
                             .limits = {},
                             .now = touch.seen}));
  }
};

class ForgetfulStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  core::Result<core::Closed> close(const core::Closing& closing) override {
    core::Result<core::Closed> closed = ForwardingStore::close(closing);
    static_cast<void>(*purge(std::nullopt, kAll, closing.at + core::kRemembered));
    return closed;
  }
};

class ShortSightedStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  core::Result<core::Closed> close(const core::Closing& closing) override {
    const core::RecordKey key = core::record_key_of(closing.root);
    core::Closed closed;
    if (*end(key, closing.reason, closing.at)) closed.ended.push_back(key);
    if (closing.sweep) static_cast<void>(*sweep(*closing.sweep, closing.at));
    closed.next = core::Lineage{.root = closing.root};
    return closed;
  }
};

class CarelessStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  core::Result<core::Opened> open(const core::Opening& opening) override {
    core::Opening now = opening;
    now.seen = *moment();
    const core::Look look = *find(core::record_key_of(opening.follows.root));
    if (look.found) now.follows.generation = look.found->record.succession.generation;
    return ForwardingStore::open(now);
  }
};

}  // namespace

std::string TrustsAnyChallenge::incoming(const Exchange& exchange, std::string cookie) const {
  std::optional<core::Challenge> challenge = read_cookie(cookie).challenge;
  if (!challenge) return cookie;
  challenge->armed = true;
  return forge(*challenge, exchange);
}

std::string RotatesTheRealm::realm(const std::string& realm, unsigned refusals) const {
  return refusals % 2 == 0 ? realm : realm + "'";
}

void ArmsWithoutCredentials::examined(const Exchange& exchange, core::Examined& examined) const {
  const int row = examined.verdict.row;
  if (row == 7 || row == 9) send_challenge(exchange, examined, /*armed=*/true);
}

std::unique_ptr<core::SessionStore> TouchRecreates::around(store::MemoryStore& store) const {
  return std::make_unique<RecreatingStore>(store);
}

std::string AcceptsExpiredChallenges::incoming(const Exchange& exchange, std::string cookie) const {
  std::optional<core::Challenge> challenge = read_cookie(cookie).challenge;
  if (!challenge) return cookie;
  challenge->issued = exchange.now;
  return forge(*challenge, exchange);
}

std::unique_ptr<core::SessionStore> ForgetsTombstones::around(store::MemoryStore& store) const {
  return std::make_unique<ForgetfulStore>(store);
}

void ArmsWhereTheMacIsBad::examined(const Exchange& exchange, core::Examined& examined) const {
  if (examined.verdict.row == 14) send_challenge(exchange, examined, /*armed=*/true);
}

void ArmsCrossSitePosts::examined(const Exchange& exchange, core::Examined& examined) const {
  if (examined.verdict.row == 15) refuse_and_arm(exchange, examined);
}

void ArmsOnScripts::examined(const Exchange& exchange, core::Examined& examined) const {
  const core::Verdict& verdict = examined.verdict;
  if (verdict.action == Action::Forbid && verdict.reason == core::Reason::Script) {
    refuse_and_arm(exchange, examined);
  }
}

std::unique_ptr<core::SessionStore> LogoutIgnoresLineage::around(store::MemoryStore& store) const {
  return std::make_unique<ShortSightedStore>(store);
}

std::unique_ptr<core::SessionStore> OpensWithoutLooking::around(store::MemoryStore& store) const {
  return std::make_unique<CarelessStore>(store);
}

std::string ArmsAcrossSpaces::incoming(const Exchange& exchange, std::string cookie) const {
  const std::optional<core::Challenge> challenge = read_cookie(cookie).challenge;
  return challenge ? forge(*challenge, exchange) : cookie;
}

void SetsACookieInRow7::examined(const Exchange& exchange, core::Examined& examined) const {
  if (examined.verdict.row == 7) send_challenge(exchange, examined, /*armed=*/false);
}

void ArmsThoughOvertaken::examined(const Exchange& exchange, core::Examined& examined) const {
  if (examined.verdict.action != Action::RefuseAndArm ||
      examined.verdict.cookie != core::SendCookie::UnarmedChallenge) {
    return;
  }
  core::Challenge challenge = *read_cookie(examined.cookie_value).challenge;
  challenge.armed = true;
  examined.cookie_value = forge(challenge, exchange);
  examined.verdict.cookie = core::SendCookie::ArmedChallenge;
}

}  // namespace epoch::model
