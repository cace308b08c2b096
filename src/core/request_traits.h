// What kind of request this is, told from its method and header fields.
#pragma once

#include <string_view>

namespace epoch::core {

// The header fields that tell; empty where the request has none.
struct RequestFields {
  std::string_view method;
  std::string_view sec_fetch_site;
  std::string_view sec_fetch_mode;
  std::string_view sec_fetch_dest;
  std::string_view sec_purpose;  // or the older Purpose
  std::string_view x_requested_with;
  std::string_view auth_epoch;  // AuthEpoch: forget
  bool has_origin = false;
  bool origin_is_ours = false;  // Origin is one of ours; meaningless without has_origin
  bool referer_is_ours = false;
};

// Fetch metadata (https://www.w3.org/TR/fetch-metadata/) says most of it. Browsers send it over
// https and to localhost; over plain http to other names they do not, so its absence proves nothing
// and such requests are treated as if a person had navigated.
struct RequestTraits {
  bool sends_metadata = false;  // a browser that would have said so if it were otherwise
  bool navigation = false;      // Sec-Fetch-Mode: navigate
  bool framed = false;          // a navigation of a frame or object, not of a window
  bool script = false;          // by fetch() or XMLHttpRequest: may have set Authorization itself
  bool cross_site = false;
  bool same_origin = false;  // provably started by a page of ours
  bool typed = false;        // Sec-Fetch-Site: none: typed, bookmarked, opened from outside
  bool speculative = false;  // prefetch or prerender
  bool get = false;          // GET or HEAD
  bool forget = false;       // our pages' request to make the browser forget its credentials

  friend bool operator==(const RequestTraits&, const RequestTraits&) = default;
};

RequestTraits traits_of(const RequestFields& fields) noexcept;

}  // namespace epoch::core
