// The controls that requests carry, and the one that pages answer with.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "ldap/ldap_handles.h"

namespace epoch::ldap {

// Paged results (RFC 2696), not critical; the cookie of the page before, empty for the first.
core::Result<ControlHandle> page_control(LDAP* ldap, const std::string& page_cookie);

// Content synchronisation (RFC 4533), refreshAndPersist, critical.
core::Result<ControlHandle> sync_control(const std::optional<std::string>& cookie);

// The cookie that leads to the next page; empty after the last.
std::string next_page(LDAP* ldap, LDAPMessage* result);

}  // namespace epoch::ldap
