#include "ldap/request_controls.h"

#include <new>

#include "ldap/ldap_errors.h"
#include "ldap/sync_messages.h"

namespace epoch::ldap {
namespace {

constexpr ber_int_t kPageSize = 500;

}  // namespace

core::Result<ControlHandle> page_control(LDAP* ldap, const std::string& page_cookie) {
  std::string bytes = page_cookie;
  berval cookie{.bv_len = bytes.size(), .bv_val = bytes.data()};
  LDAPControl* control = nullptr;
  const int code = ldap_create_page_control(ldap, kPageSize, &cookie, 0, &control);
  if (code != LDAP_SUCCESS) return ldap_error(code, "a control could not be made");
  return ControlHandle(control);
}

// SEQUENCE { mode ENUMERATED, cookie OCTET STRING OPTIONAL }, reloadHint being FALSE.
core::Result<ControlHandle> sync_control(const std::optional<std::string>& cookie) {
  const BerHandle ber(ber_alloc_t(LBER_USE_DER));
  berval* flat = nullptr;
  int written = -1;
  if (ber) {
    written = cookie ? ber_printf(ber.get(), "{eo}", LDAP_SYNC_REFRESH_AND_PERSIST, cookie->data(),
                                  static_cast<ber_len_t>(cookie->size()))
                     : ber_printf(ber.get(), "{e}", LDAP_SYNC_REFRESH_AND_PERSIST);
  }
  if (written < 0 || ber_flatten(ber.get(), &flat) != 0) throw std::bad_alloc();
  const BervalHandle value(flat);
  LDAPControl* control = nullptr;
  const int code = ldap_control_create(kSyncRequestOid, 1, value.get(), 1, &control);
  if (code != LDAP_SUCCESS) return ldap_error(code, "a control could not be made");
  return ControlHandle(control);
}

// The cookie of the next page; empty after the last.
std::string next_page(LDAP* ldap, LDAPMessage* result) {
  LDAPControl** list = nullptr;
  int code = LDAP_OTHER;
  if (ldap_parse_result(ldap, result, &code, nullptr, nullptr, nullptr, &list, 0) != LDAP_SUCCESS) {
    return {};
  }
  const ControlsHandle controls(list);
  LDAPControl* paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, list, nullptr);
  ber_int_t estimate = 0;
  berval cookie{};
  if (paged == nullptr ||
      ldap_parse_pageresponse_control(ldap, paged, &estimate, &cookie) != LDAP_SUCCESS) {
    return {};
  }
  const TextHandle owned(cookie.bv_val);
  return cookie.bv_val == nullptr ? "" : std::string(cookie.bv_val, cookie.bv_len);
}

}  // namespace epoch::ldap
