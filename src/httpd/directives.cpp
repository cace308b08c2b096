// The directives: each setter answers a mistake with a full sentence.
#include <httpd.h>

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "core/origin.h"
#include "core/return_path.h"
#include "core/text.h"
#include "httpd/boundary.h"
#include "httpd/config.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

constexpr std::string_view kStoreScheme = "lmdb:";
constexpr Seconds kDefaultPollInterval = std::chrono::seconds(30);
constexpr std::size_t kMostSessions = 100000;
constexpr std::uint32_t kMostFailures = 1000;
constexpr Seconds kDefaultWindow = std::chrono::minutes(15);
constexpr Seconds kShortestWindow = std::chrono::minutes(1);
constexpr Seconds kLongestWindow = std::chrono::hours(24);
constexpr Seconds kLongestTime = std::chrono::hours(24 * 366);

// "AuthEpochIdleTimeout: `soon` is not accepted here: <expected>".
const char* refuse(cmd_parms* cmd, std::string_view value, std::string_view expected) {
  return apr_psprintf(cmd->pool, "%s: `%.*s` is not accepted here: %.*s", cmd->cmd->name,
                      static_cast<int>(value.size()), value.data(),
                      static_cast<int>(expected.size()), expected.data());
}

const char* contextual_refusal(cmd_parms* cmd, unsigned forbidden) {
  return ap_check_cmd_context(cmd, forbidden);
}

template <typename Value>
struct Word {
  std::string_view word;
  Value value;
};

template <typename Value>
const char* set_word(cmd_parms* cmd, std::optional<Value>& field, std::string_view text,
                     std::initializer_list<Word<Value>> words, std::string_view expected) {
  for (const Word<Value>& word : words) {
    if (!core::equals_ignoring_case(text, word.word)) continue;
    field = word.value;
    return nullptr;
  }
  return refuse(cmd, text, expected);
}

// Times take httpd's suffixes; without one they are seconds. At least one second, as nothing here
// works in fractions of one.
std::optional<Seconds> parse_time(const char* text) {
  apr_interval_time_t interval = 0;
  if (ap_timeout_parameter_parse(text, &interval, "s") != APR_SUCCESS) return std::nullopt;
  const Seconds seconds(interval / APR_USEC_PER_SEC);
  if (interval % APR_USEC_PER_SEC != 0 || seconds < Seconds(1) || seconds > kLongestTime) {
    return std::nullopt;
  }
  return seconds;
}

constexpr std::string_view kTimeExpected =
    "give a time of whole seconds between 1s and 366 days, such as 90s, 30min, 12h or 7d";

std::optional<Seconds> parse_time_with_days(std::string_view text) {
  if (!text.empty() && (text.back() == 'd' || text.back() == 'D')) {
    const std::string days(text.substr(0, text.size() - 1));
    if (days.empty() || days.size() > 3 ||
        days.find_first_not_of("0123456789") != std::string::npos) {
      return std::nullopt;
    }
    const Seconds seconds = std::chrono::hours(24) * std::stoi(days);
    return seconds < Seconds(1) || seconds > kLongestTime ? std::nullopt : std::optional(seconds);
  }
  return parse_time(std::string(text).c_str());
}

const char* set_time(cmd_parms* cmd, std::optional<Seconds>& field, const char* value) {
  field = parse_time_with_days(value);
  return field ? nullptr : refuse(cmd, value, kTimeExpected);
}

// Off is kept as zero.
const char* set_time_or_off(cmd_parms* cmd, std::optional<Seconds>& field, const char* value) {
  if (!core::equals_ignoring_case(value, "Off")) return set_time(cmd, field, value);
  field = Seconds(0);
  return nullptr;
}

const char* set_session_limit(cmd_parms* cmd, std::optional<core::SessionLimit>& field,
                              std::string_view number, const char* policy) {
  if (core::equals_ignoring_case(number, "Off")) {
    if (policy != nullptr) return refuse(cmd, policy, "nothing follows Off");
    field = core::SessionLimit{.most = 0, .deny = false};
    return nullptr;
  }
  std::size_t most = 0;
  const char* const end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, most);
  if (error != std::errc() || stop != end || most < 1 || most > kMostSessions) {
    return refuse(cmd, number, "give a number between 1 and 100000, or Off");
  }
  std::optional<bool> deny = false;
  if (policy != nullptr) {
    const char* const mistake =
        set_word<bool>(cmd, deny, policy, {{"oldest", false}, {"deny", true}},
                       "give oldest (the oldest session ends) or deny (the login is refused)");
    if (mistake != nullptr) return mistake;
  }
  field = core::SessionLimit{.most = most, .deny = *deny};
  return nullptr;
}

const char* set_failed_logins(cmd_parms* cmd, std::optional<FailedLogins>& field,
                              std::string_view number, const char* time) {
  if (core::equals_ignoring_case(number, "Off")) {
    if (time != nullptr) return refuse(cmd, time, "nothing follows Off");
    field = FailedLogins{.most = 0, .within = Seconds(0)};
    return nullptr;
  }
  FailedLogins limit{.most = 0, .within = kDefaultWindow};
  const char* const end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, limit.most);
  if (error != std::errc() || stop != end || limit.most < 1 || limit.most > kMostFailures) {
    return refuse(cmd, number, "give a number between 1 and 1000, or Off");
  }
  if (time != nullptr) {
    const std::optional<Seconds> within = parse_time_with_days(time);
    if (!within || *within < kShortestWindow || *within > kLongestWindow) {
      return refuse(cmd, time, "give a time between 1min and 1d, such as 15min");
    }
    limit.within = *within;
  }
  field = limit;
  return nullptr;
}

// What to do when what must be asked cannot answer; nullopt: deny.
const char* set_deny_or_stale(cmd_parms* cmd, std::optional<Seconds>& stale, const char* policy,
                              const char* time) {
  if (core::equals_ignoring_case(policy, "deny")) {
    stale.reset();
    return time == nullptr ? nullptr : refuse(cmd, time, "deny takes no time");
  }
  if (!core::equals_ignoring_case(policy, "stale")) {
    return refuse(cmd, policy, "give deny, or stale and a time");
  }
  if (time == nullptr) return refuse(cmd, policy, "stale needs a time, such as `stale 2min`");
  return set_time(cmd, stale, time);
}

const char* set_ldap_watch(cmd_parms* cmd, DirConfig& config, const char* method,
                           const char* interval) {
  using Method = LdapWatch::Method;
  std::optional<Method> chosen;
  const char* error = set_word<Method>(cmd, chosen, method,
                                       {{"Off", Method::Off},
                                        {"auto", Method::Auto},
                                        {"sync", Method::Sync},
                                        {"poll", Method::Poll}},
                                       "give Off, auto, sync or poll");
  if (error != nullptr) return error;
  std::optional<Seconds> time = kDefaultPollInterval;
  if (interval != nullptr) {
    if (chosen != Method::Poll && chosen != Method::Auto) {
      return refuse(cmd, interval, "only poll and auto take a time, between two polls");
    }
    error = set_time(cmd, time, interval);
    if (error != nullptr) return error;
  }
  config.ldap_watch = LdapWatch{.method = *chosen, .interval = *time};
  return nullptr;
}

// A local path that can stand in a Location header field and a link.
const char* set_local_path(cmd_parms* cmd, std::optional<std::string_view>& field,
                           const char* value) {
  const std::optional<std::string> path = core::safe_return_path(value);
  if (!path) {
    return refuse(cmd, value,
                  "give a path on this server that begins with one slash, such as /welcome");
  }
  field = apr_pstrmemdup(cmd->pool, path->data(), path->size());
  return nullptr;
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const char lower = core::ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

// What may stand in a Set-Cookie attribute.
bool is_attribute_value(std::string_view text) {
  return !text.empty() && text.find_first_of("; ,\"") == std::string_view::npos &&
         std::none_of(text.begin(), text.end(), core::is_control);
}

const char* set_stateless(cmd_parms* cmd, DirConfig& config, const char* value) {
  constexpr std::string_view kExpression = "expr=";
  if (!core::equals_ignoring_case(std::string_view(value).substr(0, kExpression.size()),
                                  kExpression)) {
    return set_word<Stateless>(cmd, config.stateless, value,
                               {{"Off", Stateless::Off}, {"On", Stateless::On}},
                               "give Off, On, or expr= and an expression, such as "
                               "\"expr=%{HTTP_USER_AGENT} =~ m#^SVN/#\"");
  }
  const char* error = nullptr;
  const ap_expr_info_t* expression =
      ap_expr_parse_cmd(cmd, value + kExpression.size(), 0, &error, nullptr);
  if (error != nullptr) {
    return apr_psprintf(cmd->pool, "%s: the expression `%s` cannot be parsed: %s", cmd->cmd->name,
                        value + kExpression.size(), error);
  }
  config.stateless = Stateless::Expression;
  config.stateless_expression = expression;
  return nullptr;
}

const char* set_cookie_name(cmd_parms* cmd, DirConfig& config, const char* value) {
  constexpr std::string_view kExpected =
      "give a cookie name: letters, digits and !#$%&'*+-.^_`|~, at most 64 of them";
  const std::string_view name(value);
  if (!is_token(name) || name.size() > 64) return refuse(cmd, value, kExpected);
  config.cookie_name = name;
  return nullptr;
}

const char* set_clear_site_data(cmd_parms* cmd, DirConfig& config, const char* value) {
  constexpr std::string_view kExpected =
      "give Off or a list of \"cache\", \"storage\" and \"clientHints\", separated by commas";
  if (core::equals_ignoring_case(value, "Off")) {
    config.clear_site_data = "";
    return nullptr;
  }
  std::string field;
  for (std::string_view rest = value; !rest.empty();) {
    std::string_view type = core::next_piece(rest, ',');
    if (type.size() >= 2 && type.front() == '"' && type.back() == '"') {
      type = type.substr(1, type.size() - 2);
    }
    if (type == "cookies" || type == "*") {
      return refuse(cmd, value,
                    "it would wipe the cookie that tells a signed-out browser from a new one (and "
                    "Firefox would keep the password); give \"cache\" or \"storage\"");
    }
    if (type != "cache" && type != "storage" && type != "clientHints") {
      return refuse(cmd, value, kExpected);
    }
    if (!field.empty()) field += ", ";
    field.append("\"").append(type).append("\"");
  }
  if (field.empty()) return refuse(cmd, value, kExpected);
  config.clear_site_data = apr_pstrmemdup(cmd->pool, field.data(), field.size());
  return nullptr;
}

const char* set_strip(cmd_parms* cmd, DirConfig& config, std::string_view value) {
  constexpr std::string_view kExpected = "give None, or cookie, authorization or both";
  Strip strip = config.strip.value_or(Strip{.cookie = false, .authorization = false});
  if (core::equals_ignoring_case(value, "None")) {
    if (strip.cookie || strip.authorization) return refuse(cmd, value, kExpected);
  } else if (core::equals_ignoring_case(value, "cookie")) {
    strip.cookie = true;
  } else if (core::equals_ignoring_case(value, "authorization")) {
    strip.authorization = true;
  } else {
    return refuse(cmd, value, kExpected);
  }
  config.strip = strip;
  return nullptr;
}

const char* set_store(cmd_parms* cmd, ServerConfig& config, const char* value) {
  constexpr std::string_view kExpected =
      "give lmdb: and a directory, such as lmdb:/var/lib/auth_epoch; a relative one is taken from "
      "the runtime directory";
  const std::string_view url(value);
  const std::string_view directory =
      url.starts_with(kStoreScheme) ? url.substr(kStoreScheme.size()) : "";
  if (directory.empty()) return refuse(cmd, value, kExpected);
  const char* absolute = ap_runtime_dir_relative(cmd->pool, std::string(directory).c_str());
  if (absolute == nullptr) return refuse(cmd, value, kExpected);
  config.store_directory = absolute;
  return nullptr;
}

const char* set_audit_log(cmd_parms* cmd, ServerConfig& config, const char* value) {
  constexpr std::string_view kExpected =
      "give a file, such as logs/auth_epoch.log, or \"|\" and a command, as for CustomLog";
  const std::string_view text(value);
  if (text.starts_with('|')) {
    if (text.find_first_not_of("|$ ") == std::string_view::npos) {
      return refuse(cmd, value, kExpected);
    }
    config.audit_log = text;
    return nullptr;
  }
  const char* path = text.empty() ? nullptr : ap_server_root_relative(cmd->pool, value);
  if (path == nullptr) return refuse(cmd, value, kExpected);
  config.audit_log = path;
  return nullptr;
}

const char* set_page(cmd_parms* cmd, ServerConfig& config, const char* name, const char* file) {
  const char* path = ap_server_root_relative(cmd->pool, file);
  if (path == nullptr) return refuse(cmd, file, "give the path of an HTML template");
  config.pages.push_back({.name = name,
                          .path = path,
                          .where = std::string(cmd->directive->filename) + ":" +
                                   std::to_string(cmd->directive->line_num)});
  return nullptr;
}

// Runs a setter of directory directives: registers the section for the configuration check and
// keeps exceptions from httpd.
template <typename Body>
const char* directory_directive(cmd_parms* cmd, void* dir, Body&& body) {
  return guarded(cmd->server, "internal error while reading this directive", [&]() -> const char* {
    section_of(cmd, dir);
    return std::forward<Body>(body)(dir_config_of(dir));
  });
}

// The same for what must be seen by configtest, and therefore not in .htaccess.
template <typename Body>
const char* section_directive(cmd_parms* cmd, void* dir, Body&& body) {
  if (const char* refusal = contextual_refusal(cmd, NOT_IN_HTACCESS)) return refusal;
  return directory_directive(cmd, dir, std::forward<Body>(body));
}

template <typename Body>
const char* server_directive(cmd_parms* cmd, unsigned forbidden, Body&& body) {
  if (const char* refusal = contextual_refusal(cmd, forbidden)) return refusal;
  return guarded(cmd->server, "internal error while reading this directive", [&]() -> const char* {
    return std::forward<Body>(body)(server_config_of(cmd->server));
  });
}

constexpr unsigned kAnyServer = NOT_IN_DIR_LOC_FILE | NOT_IN_HTACCESS;

}  // namespace
}  // namespace epoch::httpd

using namespace epoch::httpd;  // NOLINT: the functions below are the C face of this file
using epoch::core::SameSite;

const char* epoch_set_mode(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(cmd, dir, [&](DirConfig& config) {
    return set_word<Mode>(cmd, config.mode, value,
                          {{"On", Mode::On}, {"Off", Mode::Off}, {"Report", Mode::Report}},
                          "give On, Off or Report");
  });
}

const char* epoch_set_store(cmd_parms* cmd, void* /*dir*/, const char* value) {
  return server_directive(cmd, GLOBAL_ONLY,
                          [&](ServerConfig& config) { return set_store(cmd, config, value); });
}

const char* epoch_set_key_file(cmd_parms* cmd, void* /*dir*/, const char* value) {
  return server_directive(cmd, GLOBAL_ONLY, [&](ServerConfig& config) -> const char* {
    const char* absolute = ap_runtime_dir_relative(cmd->pool, value);
    if (absolute == nullptr) return refuse(cmd, value, "give the path of a file");
    config.key_file = absolute;
    return nullptr;
  });
}

const char* epoch_set_zone(cmd_parms* cmd, void* dir, const char* value) {
  return section_directive(cmd, dir, [&](DirConfig& config) -> const char* {
    const std::string_view name(value);
    if (name.empty() || name.size() > 128 ||
        std::any_of(name.begin(), name.end(), epoch::core::is_control)) {
      return refuse(cmd, value, "give a name of 1 to 128 characters without control characters");
    }
    config.zone = name;
    return nullptr;
  });
}

const char* epoch_set_origin(cmd_parms* cmd, void* /*dir*/, const char* value) {
  return server_directive(cmd, kAnyServer, [&](ServerConfig& config) -> const char* {
    std::optional<std::string> origin = epoch::core::parse_origin(value);
    if (!origin) {
      return refuse(cmd, value,
                    "give scheme and host (and port, if it is not the scheme's own) as browsers "
                    "see them, without a path, such as https://www.example.org");
    }
    config.origins.push_back(*std::move(origin));
    return nullptr;
  });
}

const char* epoch_set_idle_timeout(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(
      cmd, dir, [&](DirConfig& config) { return set_time(cmd, config.idle_timeout, value); });
}

const char* epoch_set_max_age(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(
      cmd, dir, [&](DirConfig& config) { return set_time(cmd, config.max_age, value); });
}

const char* epoch_set_fresh_login(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(
      cmd, dir, [&](DirConfig& config) { return set_time_or_off(cmd, config.fresh_login, value); });
}

const char* epoch_set_stateless(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(cmd, dir,
                             [&](DirConfig& config) { return set_stateless(cmd, config, value); });
}

const char* epoch_set_cross_site(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(cmd, dir, [&](DirConfig& config) {
    return set_word<bool>(cmd, config.cross_site_allowed, value,
                          {{"refuse", false}, {"allow", true}}, "give refuse or allow");
  });
}

const char* epoch_set_cookie_name(cmd_parms* cmd, void* dir, const char* value) {
  return section_directive(cmd, dir,
                           [&](DirConfig& config) { return set_cookie_name(cmd, config, value); });
}

const char* epoch_set_cookie_path(cmd_parms* cmd, void* dir, const char* value) {
  return section_directive(cmd, dir, [&](DirConfig& config) -> const char* {
    if (value[0] != '/' || !is_attribute_value(value)) {
      return refuse(cmd, value, "give a path that begins with a slash, such as /app");
    }
    config.cookie_path = value;
    return nullptr;
  });
}

const char* epoch_set_cookie_domain(cmd_parms* cmd, void* dir, const char* value) {
  return section_directive(cmd, dir, [&](DirConfig& config) -> const char* {
    const std::string_view host = value[0] == '.' ? value + 1 : value;
    if (!epoch::core::parse_origin("https://" + std::string(host)) ||
        host.find_first_of(":[") != std::string_view::npos) {
      return refuse(cmd, value, "give a host name, such as example.org");
    }
    config.cookie_domain = host;
    return nullptr;
  });
}

const char* epoch_set_cookie_same_site(cmd_parms* cmd, void* dir, const char* value) {
  if (epoch::core::equals_ignoring_case(value, "Strict")) {
    return refuse(cmd, value,
                  "a link from another site would arrive without the cookie, and the browser would "
                  "ask for the password without end; give Lax (the default) or None");
  }
  return section_directive(cmd, dir, [&](DirConfig& config) {
    return set_word<SameSite>(cmd, config.same_site, value,
                              {{"Lax", SameSite::Lax}, {"None", SameSite::None}},
                              "give Lax or None");
  });
}

const char* epoch_set_cookie_secure(cmd_parms* cmd, void* dir, const char* value) {
  return section_directive(cmd, dir, [&](DirConfig& config) {
    return set_word<CookieSecure>(
        cmd, config.cookie_secure, value,
        {{"auto", CookieSecure::Auto}, {"On", CookieSecure::On}, {"Off", CookieSecure::Off}},
        "give auto, On or Off");
  });
}

const char* epoch_set_logout_response(cmd_parms* cmd, void* dir, const char* kind,
                                      const char* path) {
  return directory_directive(cmd, dir, [&](DirConfig& config) -> const char* {
    const char* error = set_word<LogoutResponse>(cmd, config.logout_response, kind,
                                                 {{"page", LogoutResponse::Page},
                                                  {"challenge", LogoutResponse::Challenge},
                                                  {"redirect", LogoutResponse::Redirect}},
                                                 "give page, challenge or redirect");
    if (error != nullptr || path == nullptr) return error;
    if (config.logout_response != LogoutResponse::Redirect) {
      return refuse(cmd, path, "only redirect takes a path");
    }
    return set_local_path(cmd, config.logout_redirect, path);
  });
}

const char* epoch_set_logout_get(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(cmd, dir, [&](DirConfig& config) {
    return set_word<LogoutGet>(cmd, config.logout_get, value,
                               {{"same-origin", LogoutGet::SameOrigin},
                                {"confirm", LogoutGet::Confirm},
                                {"Off", LogoutGet::Off}},
                               "give same-origin, confirm or Off");
  });
}

const char* epoch_set_return(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(
      cmd, dir, [&](DirConfig& config) { return set_local_path(cmd, config.return_path, value); });
}

const char* epoch_set_clear_site_data(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(
      cmd, dir, [&](DirConfig& config) { return set_clear_site_data(cmd, config, value); });
}

const char* epoch_set_no_store(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(cmd, dir, [&](DirConfig& config) {
    return set_word<NoStore>(cmd, config.no_store, value,
                             {{"On", NoStore::On}, {"Off", NoStore::Off}, {"html", NoStore::Html}},
                             "give On, Off or html");
  });
}

const char* epoch_set_strip(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(cmd, dir,
                             [&](DirConfig& config) { return set_strip(cmd, config, value); });
}

const char* epoch_set_on_store_error(cmd_parms* cmd, void* /*dir*/, const char* policy,
                                     const char* time) {
  return server_directive(cmd, kAnyServer, [&](ServerConfig& config) {
    config.store_error_set = true;
    return set_deny_or_stale(cmd, config.stale, policy, time);
  });
}

const char* epoch_set_on_directory_error(cmd_parms* cmd, void* /*dir*/, const char* policy,
                                         const char* time) {
  return server_directive(cmd, kAnyServer, [&](ServerConfig& config) {
    config.directory_error_set = true;
    return set_deny_or_stale(cmd, config.directory_stale, policy, time);
  });
}

const char* epoch_set_max_sessions(cmd_parms* cmd, void* dir, const char* number,
                                   const char* policy) {
  return directory_directive(cmd, dir, [&](DirConfig& config) {
    return set_session_limit(cmd, config.session_limit, number, policy);
  });
}

const char* epoch_set_failed_logins(cmd_parms* cmd, void* dir, const char* number,
                                    const char* time) {
  return directory_directive(cmd, dir, [&](DirConfig& config) {
    return set_failed_logins(cmd, config.failed_logins, number, time);
  });
}

const char* epoch_set_revalidate(cmd_parms* cmd, void* dir, const char* value) {
  return directory_directive(
      cmd, dir, [&](DirConfig& config) { return set_time_or_off(cmd, config.revalidate, value); });
}

const char* epoch_set_ldap_watch(cmd_parms* cmd, void* dir, const char* method,
                                 const char* interval) {
  return section_directive(
      cmd, dir, [&](DirConfig& config) { return set_ldap_watch(cmd, config, method, interval); });
}

const char* epoch_set_admin_any_user(cmd_parms* cmd, void* dir, int on) {
  return section_directive(cmd, dir, [&](DirConfig& config) {
    config.admin_any_user = on != 0;
    return nullptr;
  });
}

const char* epoch_set_audit_log(cmd_parms* cmd, void* /*dir*/, const char* value) {
  return server_directive(cmd, GLOBAL_ONLY,
                          [&](ServerConfig& config) { return set_audit_log(cmd, config, value); });
}

const char* epoch_set_page(cmd_parms* cmd, void* /*dir*/, const char* name, const char* file) {
  return server_directive(cmd, kAnyServer,
                          [&](ServerConfig& config) { return set_page(cmd, config, name, file); });
}
