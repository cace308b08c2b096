// What libldap and liblber allocate, each with the function that frees it.
#pragma once

#include <lber.h>
#include <ldap.h>

#include <memory>

namespace epoch::ldap {

struct LdapUnbind {
  void operator()(LDAP* ldap) const noexcept { ldap_unbind_ext(ldap, nullptr, nullptr); }
};
using LdapHandle = std::unique_ptr<LDAP, LdapUnbind>;

struct MessageFree {
  void operator()(LDAPMessage* message) const noexcept { ldap_msgfree(message); }
};
using MessageHandle = std::unique_ptr<LDAPMessage, MessageFree>;

struct ControlFree {
  void operator()(LDAPControl* control) const noexcept { ldap_control_free(control); }
};
using ControlHandle = std::unique_ptr<LDAPControl, ControlFree>;

struct ControlsFree {
  void operator()(LDAPControl** controls) const noexcept { ldap_controls_free(controls); }
};
using ControlsHandle = std::unique_ptr<LDAPControl*, ControlsFree>;

// What libldap walks an entry with; the buffer is the message's.
struct WalkFree {
  void operator()(BerElement* element) const noexcept { ber_free(element, 0); }
};
using WalkHandle = std::unique_ptr<BerElement, WalkFree>;

// A BerElement together with its buffer.
struct BerFree {
  void operator()(BerElement* element) const noexcept { ber_free(element, 1); }
};
using BerHandle = std::unique_ptr<BerElement, BerFree>;

struct BervalFree {
  void operator()(berval* value) const noexcept { ber_bvfree(value); }
};
using BervalHandle = std::unique_ptr<berval, BervalFree>;

struct ValuesFree {
  void operator()(berval** values) const noexcept { ldap_value_free_len(values); }
};
using ValuesHandle = std::unique_ptr<berval*, ValuesFree>;

struct MemoryFree {
  void operator()(char* text) const noexcept { ldap_memfree(text); }
};
using TextHandle = std::unique_ptr<char, MemoryFree>;

struct UrlFree {
  void operator()(LDAPURLDesc* url) const noexcept { ldap_free_urldesc(url); }
};
using UrlHandle = std::unique_ptr<LDAPURLDesc, UrlFree>;

}  // namespace epoch::ldap
