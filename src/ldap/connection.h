// A connection to a directory.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "core/result.h"
#include "ldap/directory.h"
#include "ldap/ldap_handles.h"
#include "ldap/watch_settings.h"

namespace epoch::ldap {

// What the rootDSE says (RFC 4512 section 5.1).
struct Offers {
  bool content_sync = false;      // RFC 4533
  bool paged_results = false;     // RFC 2696
  bool active_directory = false;  // 1.2.840.113556.1.4.800
};

// Connected and bound. For one thread. No method waits longer than the operation timeout, or 200 ms
// once a stop is requested; only connecting is bound by the network timeout, which libldap keeps.
//
// Certificates are verified against the authorities that are set for the whole process, which is
// where mod_ldap puts those of LDAPTrustedGlobalCert.
class Connection final : public Directory {
 public:
  // `settings` outlives the connection. Unavailable: a clause that says why, with the next step.
  static core::Result<std::unique_ptr<Connection>> open(const WatchSettings& settings,
                                                        std::stop_token stop);

  [[nodiscard]] const Offers& offers() const noexcept { return offers_; }

  core::Result<core::Done> search(const std::string& filter,
                                  std::span<const char* const> attributes,
                                  const Each& each) override;
  core::Result<bool> finds(const std::string& dn) override;
  core::Result<bool> shows_base() override;

  // Whether the server still answers, whatever it says. Between the messages of another operation.
  core::Result<core::Done> ask_for_a_sign_of_life();

  // Asks for content synchronisation (refreshAndPersist) from the cookie on; nullopt: from nothing.
  // The messages come from next().
  core::Result<int> start_sync(const std::optional<std::string>& cookie);

  // The next message of an operation; an empty handle where none came within `patience`.
  core::Result<MessageHandle> next(int operation, std::chrono::milliseconds patience);

  // For parsing messages; never nullptr.
  [[nodiscard]] LDAP* handle() const noexcept { return ldap_.get(); }

  // The result that ends an operation. Success is Done; the error says the code in words.
  core::Result<core::Done> result_of(LDAPMessage* message);

  // The code of the result that ended an operation.
  int code_of(LDAPMessage* message);

 private:
  Connection(const WatchSettings& settings, std::stop_token stop);
  core::Result<core::Done> connect();
  core::Result<core::Done> bind();
  core::Result<core::Done> read_root();
  core::Result<core::Done> read_page(const std::string& filter, char** attributes, const Each& each,
                                     std::string& page_cookie);
  core::Result<bool> any_entry(const std::string& base, const std::string& filter);
  // Sends a search; the number of the operation.
  core::Result<int> send(const std::string& base, int scope, const std::string& filter,
                         char** attributes, LDAPControl* control);
  // Hands every entry over until the result comes, and gives that.
  core::Result<MessageHandle> collect(int operation, const Each& each);

  const WatchSettings& settings_;
  const std::stop_token stop_;
  LdapHandle ldap_;
  Offers offers_;
};

// As libldap hands it over; the handle is the connection's.
DirectoryEntry entry_in(LDAP* ldap, LDAPMessage* message);

}  // namespace epoch::ldap
