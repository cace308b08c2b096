#include "httpd/exchange.h"

#include <httpd.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include <algorithm>

#include "core/origin.h"
#include "core/text.h"
#include "httpd/boundary.h"
#include "httpd/process.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

std::string_view field(const request_rec* r, const char* name) {
  const char* value = apr_table_get(r->headers_in, name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool is_ours(const std::optional<std::string>& origin, const std::string& own,
             const ServerConfig& server) {
  if (!origin) return false;
  return *origin == own ||
         std::find(server.origins.begin(), server.origins.end(), *origin) != server.origins.end();
}

core::RequestTraits traits_of_request(const request_rec* r, const std::string& own) {
  const ServerConfig& server = server_config_of(r->server);
  const std::string_view origin = field(r, "Origin");
  const std::string_view referer = field(r, "Referer");
  core::RequestFields fields;
  fields.method = r->method;
  fields.sec_fetch_site = field(r, "Sec-Fetch-Site");
  fields.sec_fetch_mode = field(r, "Sec-Fetch-Mode");
  fields.sec_fetch_dest = field(r, "Sec-Fetch-Dest");
  fields.sec_purpose = field(r, "Sec-Purpose");
  if (fields.sec_purpose.empty()) fields.sec_purpose = field(r, "Purpose");
  fields.x_requested_with = field(r, "X-Requested-With");
  fields.auth_epoch = field(r, "AuthEpoch");
  fields.has_origin = !origin.empty();
  fields.origin_is_ours = !origin.empty() && is_ours(core::parse_origin(origin), own, server);
  fields.referer_is_ours = !referer.empty() && is_ours(core::origin_of_url(referer), own, server);
  return core::traits_of(fields);
}

bool holds(request_rec* r, const DirConfig& config) {
  switch (config.stateless.value_or(Stateless::Off)) {
    case Stateless::Off:
      return false;
    case Stateless::On:
      return true;
    case Stateless::Expression:
      break;
  }
  const char* error = nullptr;
  const int answer = ap_expr_exec(r, *config.stateless_expression, &error);
  if (answer < 0 || error != nullptr) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AuthEpochStateless: the expression failed (%s) and counts as false",
                  error == nullptr ? "unknown error" : error);
    return false;
  }
  return answer > 0;
}

}  // namespace

Presentation::Presentation(const request_rec* r)
    : space_(space_of(r)),
      cookie_header_(field(r, "Cookie")),
      credentials_(core::parse_basic_credentials(field(r, "Authorization"))),
      traits_(traits_of_request(r, space_->origin)) {}

core::Presented Presentation::presented() const noexcept {
  return {.cookie_header = cookie_header_,
          .cookie_name = space_->cookie.name,
          .credentials = credentials_ ? &*credentials_ : nullptr,
          .request = traits_,
          .zone = space_->zone,
          .origin = space_->origin,
          .realm = space_->realm,
          .space = space_->tag};
}

Remembered* remembered_of(const request_rec* r) {
  return static_cast<Remembered*>(ap_get_module_config(r->request_config, &auth_epoch_module));
}

Remembered& remember(request_rec* r) {
  Remembered* remembered = remembered_of(r);
  if (remembered == nullptr) {
    remembered = make_in_pool<Remembered>(r->pool);
    ap_set_module_config(r->request_config, &auth_epoch_module, remembered);
  }
  return *remembered;
}

Decided* decided_of(const request_rec* r) {
  const Remembered* remembered = remembered_of(r);
  return remembered == nullptr ? nullptr : remembered->decided;
}

const request_rec* leading_to(const request_rec* r) noexcept {
  return r->prev != nullptr ? r->prev : r->main;
}

const Decided* earlier_decision(const request_rec* r) {
  for (const request_rec* e = leading_to(r); e != nullptr; e = leading_to(e)) {
    if (const Decided* decided = decided_of(e)) return decided;
  }
  return nullptr;
}

apr_table_entry_t* find_set_cookie(const request_rec* r, const std::string& name) {
  const apr_array_header_t* fields = apr_table_elts(r->err_headers_out);
  auto* const begin = reinterpret_cast<apr_table_entry_t*>(fields->elts);
  auto* const end = begin + fields->nelts;
  auto* const found = std::find_if(begin, end, [&](const apr_table_entry_t& field) {
    return core::equals_ignoring_case(field.key, "Set-Cookie") &&
           std::string_view(field.val).starts_with(name + "=");
  });
  return found == end ? nullptr : found;
}

bool sends_our_cookie(const request_rec* r) {
  for (const request_rec* e = r; e != nullptr; e = leading_to(e)) {
    const Decided* decided = decided_of(e);
    if (decided != nullptr && decided->sends_cookie) return true;
  }
  // mod_dir takes a sub-request's answer over as this request's, but not what we remember of it.
  return apr_table_get(r->err_headers_out, "Set-Cookie") != nullptr &&
         find_set_cookie(r, space_of(r)->cookie.name) != nullptr;
}

bool is_protected(const request_rec* r) {
  return r->user != nullptr || apr_table_get(r->subprocess_env, kEventVariable) != nullptr;
}

bool authorization_was_stripped(const request_rec* r) {
  for (const request_rec* e = r; e != nullptr; e = leading_to(e)) {
    const Remembered* remembered = remembered_of(e);
    if (remembered != nullptr && remembered->stripped_authorization != nullptr) return true;
  }
  return false;
}

core::TimePoint time_of(const request_rec* r) noexcept {
  return core::TimePoint(Seconds(apr_time_sec(r->request_time)));
}

core::Policy policy_for(request_rec* r, const DirConfig& config) {
  return {
      .limits = limits_of(config),
      .fresh_login = fresh_login_of(config),
      .stateless = holds(r, config),
      .cross_site_allowed = config.cross_site_allowed.value_or(false),
      .same_site_none = config.same_site == core::SameSite::None,
      .report = mode_of(config) == Mode::Report,
      .stale = server_config_of(r->server).stale,
      .verifier = config.verifier.value_or(core::Verifier{}),
      .revalidate = revalidate_of(config),
      .verifier_is_known = verifier_is_known(config) && process_of(r->server).verifiers_tell_all,
      .session_limit = session_limit_of(config)};
}

}  // namespace epoch::httpd
