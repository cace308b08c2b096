#include "core/account.h"

#include <algorithm>

#include "core/text.h"

namespace epoch::core {
namespace {

bool is_password_changed(const AccountState& before, const AccountState& after) noexcept {
  if (before.password_time && after.password_time) {
    return before.password_time != after.password_time;
  }
  if (before.password_value) return before.password_value != after.password_value;
  // A value that appears was there before, unreadable: nobody logs in without one. But servers
  // begin to keep the time with the first change, and one that vanishes may be an older database's.
  return after.password_time.has_value() != before.password_time.has_value();
}

}  // namespace

AccountId account_of(std::string_view directory_url, std::string_view dn) {
  std::string folded(dn);
  std::transform(folded.begin(), folded.end(), folded.begin(), ascii_lower);
  return sha256({bytes_of("account"), bytes_of(directory_url), bytes_of(folded)});
}

std::optional<EndReason> why_to_end(const AccountState& before,
                                    const AccountState& after) noexcept {
  if (after.barred && !before.barred) return EndReason::AccountBarred;
  if (is_password_changed(before, after)) return EndReason::PasswordChanged;
  return std::nullopt;
}

}  // namespace epoch::core
