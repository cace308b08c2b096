#include "httpd/password_check.h"

#include <httpd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "httpd/config.h"
#include "httpd/exchange.h"
#include "httpd/process.h"
#include "httpd/real_bind.h"
#include "httpd/shared_verifications.h"

namespace epoch::httpd {
namespace {

int ask_mod_ldap(const UserQuery& query, const char* password, const LdapFunctions& ldap) {
  return ldap.check_user_id(query.r, query.ldc, query.url, query.base, query.scope,
                            query.attributes, query.filter, password, query.dn, query.values);
}

std::string_view reason_of(const util_ldap_connection_t* ldc) noexcept {
  return ldc->reason == nullptr ? std::string_view() : std::string_view(ldc->reason);
}

// mod_ldap says in words whether it asked the directory. Whatever else stands there, "(cached)" or
// another module's words, is confirmed.
bool asked_the_directory(const util_ldap_connection_t* ldc) noexcept {
  return reason_of(ldc) == "Authentication successful";
}

// What mod_ldap's failure means. The search is the directory's or the service account's to fail;
// that there is no such user, and the user's own bind, are answers.
Answer meaning_of(int result, std::string_view reason) noexcept {
  if (result == LDAP_SUCCESS) return Answer::Yes;
  const bool is_not_an_answer = is_outage(result) || reason.starts_with("ldap_search_ext_s()") ||
                                reason.starts_with("LDAP: ");
  return is_not_an_answer ? Answer::None : Answer::No;
}

// The same person's same answer, put to the same directory in the same way.
core::Hash256 name_of(const UserQuery& query, const core::Hash256& answer) {
  const char* bind_dn = query.ldc->binddn;
  return core::sha256({core::bytes_of("verification"), answer, core::bytes_of(query.url),
                       core::bytes_of(query.base == nullptr ? "" : query.base),
                       core::bytes_of(query.filter), core::bytes_of(std::to_string(query.scope)),
                       core::bytes_of(bind_dn == nullptr ? "" : bind_dn)});
}

// AuthLDAPInitialBindAsUser: the connection's own bind is already the user's.
bool connects_as_the_user(const util_ldap_connection_t* ldc, const char* password) noexcept {
  return ldc->bindpw != nullptr && std::strcmp(ldc->bindpw, password) == 0;
}

Checked verify(const UserQuery& query, const char* password, const LdapFunctions& ldap) {
  // Does nothing where the connection is open. First, so that a service account that cannot bind is
  // not taken for a user who cannot.
  const int opened = ldap.connection_open(query.r, query.ldc);
  if (opened != LDAP_SUCCESS) {
    const bool is_the_users = connects_as_the_user(query.ldc, password) && !is_outage(opened);
    return {.result = opened, .answer = is_the_users ? Answer::No : Answer::None};
  }
  const int result = ask_mod_ldap(query, password, ldap);
  if (result == LDAP_SUCCESS && !asked_the_directory(query.ldc)) {
    return bind_as_user(query, password, ldap);
  }
  return {.result = result, .answer = meaning_of(result, reason_of(query.ldc))};
}

// Gives the others the result, whatever happens.
class Asking {
 public:
  Asking(SharedVerifications& shared, const core::Hash256& name, SharedVerifications::Ticket ticket)
      : shared_(shared), name_(name), ticket_(ticket) {}
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    using Worth = SharedVerifications::Worth;
    shared_.finish(name_, ticket_, checked_.result,
                   checked_.answer == Answer::None ? Worth::ForTheWaiting : Worth::ForAMoment);
  }
  Checked done(const Checked& checked) noexcept { return checked_ = checked; }

 private:
  SharedVerifications& shared_;
  const core::Hash256 name_;
  const SharedVerifications::Ticket ticket_;
  Checked checked_{.result = LDAP_OTHER, .answer = Answer::None};
};

Checked verify_once(const UserQuery& query, const char* password, const Process& process,
                    const core::Hash256& answer) {
  const core::Hash256 name = name_of(query, answer);
  const Earlier earlier = process.verifications->join(name);
  if (earlier.known == Known::Failed) {
    query.ldc->reason = "the same was asked by another request, and refused";
    return {.result = earlier.result, .answer = earlier.is_answer ? Answer::No : Answer::None};
  }
  if (earlier.known == Known::Succeeded) {
    // mod_ldap has the other's answer in its cache.
    const int result = ask_mod_ldap(query, password, process.ldap);
    return {.result = result, .answer = meaning_of(result, reason_of(query.ldc))};
  }
  Asking asking(*process.verifications, name, earlier.ticket);
  return asking.done(verify(query, password, process.ldap));
}

}  // namespace

int check_password(const UserQuery& query, const char* password) {
  const Process& process = process_of(query.r->server);
  Decided* decided = decided_of(query.r);
  if (decided == nullptr || !decided->must_ask) {
    return ask_mod_ldap(query, password, process.ldap);
  }
  const Checked checked = verify_once(query, password, process, *decided->must_ask);
  switch (checked.answer) {
    case Answer::Yes:
      // The text of AuthLDAPURL, which the watcher has too; in an alias, the alias's.
      decided->found = FoundEntry{
          .directory_url = std::string(dir_config_of(query.r).ldap_url.value_or(query.url)),
          .dn = *query.dn};
      break;
    case Answer::No:
      decided->was_refused = true;
      break;
    case Answer::None:
      decided->directory_failed = true;
      break;
  }
  return checked.result;
}

}  // namespace epoch::httpd
