// What an entry's attributes say about the account's password and standing.
//
// Everything else of an entry, mail, lastLogin, authTimestamp, pwdFailureTime and the like, is not
// even asked for, so that it can end nobody's sessions. By the servers' documentation:
//
//   attribute                server                          says
//   pwdChangedTime           OpenLDAP (slapo-ppolicy), and   password_time
//                            all of draft-behera-ldap-password-policy
//   pwdUpdateTime            389 Directory Server with       password_time
//                            passwordTrackUpdateTime
//   krbLastPwdChange         FreeIPA, MIT Kerberos           password_time
//   pwdLastSet               Active Directory                password_time
//   userPassword             all but Active Directory        password_value, if the bind DN may
//   read pwdAccountLockedTime     OpenLDAP (slapo-ppolicy)        barred while present pwdEndTime
//   OpenLDAP (slapo-ppolicy)        expires nsAccountLock            389 Directory Server, FreeIPA
//   barred while TRUE accountUnlockTime        389 Directory Server            barred until then; 0
//   (1970): for good krbPrincipalExpiration   FreeIPA, MIT Kerberos           expires
//   userAccountControl       Active Directory                barred while ACCOUNTDISABLE (2) is set
//   lockoutTime              Active Directory                barred unless 0
//   accountExpires           Active Directory                expires; 0 and 2^63-1: never
//   shadowExpire             RFC 2307 (shadowAccount)        expires on that day; negative: never
//
// Of several attributes that show password_time, the first in this order counts.
#pragma once

#include <span>
#include <string_view>

#include "core/account.h"
#include "core/bytes.h"
#include "ldap/entry.h"

namespace epoch::ldap {

// Keys the hashes of what entries show of passwords: a userPassword that somebody has stored in the
// clear cannot be guessed from the ledger. Wiped when destroyed.
class StateKey {
 public:
  explicit StateKey(const core::Hash256& secret) : secret_(secret) {}
  StateKey(const StateKey&) = default;
  StateKey& operator=(const StateKey&) = default;
  ~StateKey();

  // HMAC over the parts, cut to 64 bits.
  [[nodiscard]] std::uint64_t hash(std::initializer_list<core::Bytes> parts) const;

 private:
  core::Hash256 secret_;
};

struct Standing {
  core::AccountState state;
  std::string_view barred_by;  // the attribute's name, for the log; empty unless barred
};

Standing standing_of(const DirectoryEntry& entry, const StateKey& key, core::TimePoint now);

// The attributes above, and no others: what to ask the server for.
std::span<const char* const> state_attributes() noexcept;

}  // namespace epoch::ldap
