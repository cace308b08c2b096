// A directory that says anything at all in content synchronisation: nobody is ended whose account
// has not changed, and nobody is called gone before the refresh is over.
#include <set>

#include "ldap/ldap_testing.h"
#include "ldap/sync_follower.h"
#include "property.h"

namespace epoch::fuzz {
namespace {

using ldap::EntryChange;

constexpr std::uint8_t kKnown = 6;

class Conversation {
 public:
  explicit Conversation(FuzzedDataProvider& input) : input_(input) {
    ldap::SyncFollower first(test_.book, directory_, key_, false);
    for (std::uint8_t number = 1; number <= kKnown; ++number) {
      directory_.entries.push_back(ldap::entry(number));
      holds(
          first.take({EntryChange::Add, ldap::uuid(number), {}}, ldap::entry(number), ldap::kNoon));
    }
    holds(first.take(ldap::SyncInfo(ldap::PhaseOver{.cookie = "first"}), ldap::kNoon));
    require(test_.ledger.ended().empty(), "the first refresh ends nobody");
    directory_.base_is_shown = input_.ConsumeBool();
    directory_.hides = input_.ConsumeBool();
    test_.ledger.is_full = input_.ConsumeBool();
    from_cookie_ = input_.ConsumeBool();
  }

  void run() {
    ldap::SyncFollower follower(test_.book, directory_, key_, from_cookie_);
    bool goes_on = true;
    for (int left = 40; goes_on && left > 0 && input_.remaining_bytes() > 0; --left) {
      const bool was_refreshed = follower.is_refreshed();
      goes_on = take_message(follower);
      for (const std::string& ended : test_.ledger.ended()) {
        require(ended.find("account-gone") == std::string::npos || was_refreshed ||
                    follower.is_refreshed() || !goes_on,
                "nobody is gone while the refresh goes on");
        ended_.insert(ended);
      }
    }
    test_.book.discard();
    for (const ldap::LogLine& line : test_.lines) {
      require(!holds_control(line.text), "what a directory says goes into one line of a log");
    }
    for (const std::string& ended : ended_) {
      if (ended.find("password-changed") == std::string::npos) continue;
      require(touched_.contains(ended.substr(0, ended.find(':'))),
              "only who was shown with another password has changed it");
    }
  }

 private:
  static void holds(const core::Result<core::Done>& done) { require(done.ok(), "it begins well"); }

  bool take_message(ldap::SyncFollower& follower) {
    switch (input_.ConsumeIntegralInRange(0, 3)) {
      case 0:
        return take_entry(follower);
      case 1:
        return take_raw(follower);
      case 2:
        return follower.rest(ldap::kNoon + core::Seconds(input_.ConsumeIntegral<std::uint8_t>()))
            .ok();
      default:
        return take_phase(follower);
    }
  }

  bool take_entry(ldap::SyncFollower& follower) {
    const auto change = static_cast<EntryChange>(input_.ConsumeIntegralInRange(0, 3));
    const auto number = input_.ConsumeIntegralInRange<std::uint8_t>(1, kKnown + 2);
    ldap::DirectoryEntry entry = ldap::entry(number);
    if (input_.ConsumeBool()) {
      touched_.insert(std::to_string(number));
      entry = ldap::with(entry, "pwdChangedTime", input_.ConsumeRandomLengthString(16));
    }
    if (input_.ConsumeBool()) {
      entry.dn = input_.ConsumeRandomLengthString(12);
      touched_.insert("somebody else");
    }
    return follower.take({change, ldap::uuid(number), std::nullopt}, entry, ldap::kNoon).ok();
  }

  bool take_raw(ldap::SyncFollower& follower) {
    const std::string bytes = input_.ConsumeRandomLengthString(80);
    const auto info = ldap::decode_sync_info(core::bytes_of(bytes));
    return info && follower.take(*info, ldap::kNoon).ok();
  }

  bool take_phase(ldap::SyncFollower& follower) {
    if (input_.ConsumeBool()) {
      return follower
          .take(ldap::SyncInfo(ldap::PhaseOver{.deletes = input_.ConsumeBool(),
                                               .refresh_done = input_.ConsumeBool(),
                                               .cookie = "c"}),
                ldap::kNoon)
          .ok();
    }
    ldap::IdSet set{.deleted = input_.ConsumeBool(), .uuids = {}};
    for (int left = input_.ConsumeIntegralInRange(0, 4); left > 0; --left) {
      set.uuids.push_back(ldap::uuid(input_.ConsumeIntegralInRange<std::uint8_t>(0, kKnown + 2)));
    }
    return follower.take(ldap::SyncInfo(set), ldap::kNoon).ok();
  }

  FuzzedDataProvider& input_;
  ldap::TestBook test_;
  ldap::TestDirectory directory_;
  const ldap::StateKey key_ = ldap::test_key();
  bool from_cookie_ = false;
  std::set<std::string> touched_;  // numbers that were shown with another time of the password
  std::set<std::string> ended_;
};

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider input(bytes, size);
  epoch::fuzz::Conversation(input).run();
  return 0;
}
