// What following a directory asks of it, beside the messages of content synchronisation.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "ldap/entry.h"

namespace epoch::ldap {

// For the thread that follows. Everything that is not an answer is Unavailable, and concludes
// nothing: no connection, a size limit, a refusal, the watcher being stopped.
class Directory {
 public:
  virtual ~Directory() = default;

  // Everything below the base that matches, page by page (RFC 2696) where the server can. An error
  // of `each` ends the search and is returned.
  using Each = std::function<core::Result<core::Done>(const DirectoryEntry&)>;
  virtual core::Result<core::Done> search(const std::string& filter,
                                          std::span<const char* const> attributes,
                                          const Each& each) = 0;

  // Whether AuthLDAPURL finds the entry of this DN.
  virtual core::Result<bool> finds(const std::string& dn) = 0;

  // Whether the base itself can be read; the root always can.
  virtual core::Result<bool> shows_base() = 0;
};

}  // namespace epoch::ldap
