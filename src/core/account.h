// Who the directory says a user is, and what of the directory's entry bears on the user's sessions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/session.h"

namespace epoch::core {

// An entry of a directory, by the AuthLDAPURL that found it and its DN. Both must come from where
// mod_authnz_ldap has them, because they are compared as text: the URL exactly, the DN without
// regard to the case of ASCII letters. The same DN behind another URL is another account.
AccountId account_of(std::string_view directory_url, std::string_view dn);

// What a directory entry says about its account's password and standing. Each server shows some of
// this, none all of it.
struct AccountState {
  // Keyed hashes, truncated: of when the password was last changed (pwdChangedTime, pwdLastSet,
  // ...), and of the stored value (userPassword), where the watcher is allowed to read them.
  std::optional<std::uint64_t> password_time = {};
  std::optional<std::uint64_t> password_value = {};
  bool barred = false;  // locked, disabled or expired
  // When it will expire by itself, without the entry changing (shadowExpire, accountExpires).
  std::optional<TimePoint> expires = {};

  friend bool operator==(const AccountState&, const AccountState&) = default;
};

// Why the account's sessions must end now that the entry has changed; nullopt where they go on.
// Where both show when the password was changed, that alone tells: servers rewrite the stored value
// at a login, to upgrade its hash.
std::optional<EndReason> why_to_end(const AccountState& before, const AccountState& after) noexcept;

}  // namespace epoch::core
