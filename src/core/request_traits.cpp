#include "core/request_traits.h"

#include "core/text.h"

namespace epoch::core {

RequestTraits traits_of(const RequestFields& fields) noexcept {
  RequestTraits traits;
  traits.sends_metadata = !fields.sec_fetch_site.empty() || !fields.sec_fetch_mode.empty();
  traits.navigation = equals_ignoring_case(fields.sec_fetch_mode, "navigate");
  traits.framed = traits.navigation && !fields.sec_fetch_dest.empty() &&
                  !equals_ignoring_case(fields.sec_fetch_dest, "document");
  traits.script = !traits.navigation && (equals_ignoring_case(fields.sec_fetch_dest, "empty") ||
                                         !fields.x_requested_with.empty());
  if (!fields.sec_fetch_site.empty()) {
    traits.cross_site = equals_ignoring_case(fields.sec_fetch_site, "cross-site");
    traits.same_origin = equals_ignoring_case(fields.sec_fetch_site, "same-origin");
    traits.typed = equals_ignoring_case(fields.sec_fetch_site, "none");
  } else if (fields.has_origin) {
    traits.cross_site = !fields.origin_is_ours;
    traits.same_origin = fields.origin_is_ours;
  } else {
    traits.same_origin = fields.referer_is_ours;
  }
  traits.speculative = !fields.sec_purpose.empty();
  traits.get = fields.method == "GET" || fields.method == "HEAD";
  traits.forget = equals_ignoring_case(fields.auth_epoch, "forget");
  return traits;
}

}  // namespace epoch::core
