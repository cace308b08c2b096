#include "ldap/directory_url.h"

#include <charconv>
#include <optional>
#include <vector>

#include "core/text.h"
#include "ldap/ldap_handles.h"
#include "ldap/log.h"

namespace epoch::ldap {
namespace {

using core::equals_ignoring_case;
using core::Error;
using core::ErrorCode;
using core::Result;

constexpr int kLdapPort = 389;
constexpr int kLdapsPort = 636;

Error malformed(std::string_view url, std::string_view what) {
  return {ErrorCode::Malformed,
          "AuthLDAPURL \"" + printable(url) + "\": " + std::string(what) +
              " Accepted is ldap://host:port/base?attribute?scope?filter, with ldaps:// or "
              "ldapi:// as well, and several hosts separated by spaces."};
}

struct Scheme {
  std::string_view name;
  bool is_local = false;
  bool is_tls = false;
};

std::optional<Scheme> take_scheme(std::string_view& rest) {
  for (const Scheme& scheme : {Scheme{"ldap"}, Scheme{.name = "ldaps", .is_tls = true},
                               Scheme{.name = "ldapi", .is_local = true}}) {
    const std::size_t length = scheme.name.size();
    if (rest.size() < length + 3 || !equals_ignoring_case(rest.substr(0, length), scheme.name) ||
        rest.substr(length, 3) != "://") {
      continue;
    }
    rest.remove_prefix(length + 3);
    return scheme;
  }
  return std::nullopt;
}

struct Host {
  std::string_view name;  // an IPv6 address without its brackets
  bool is_address = false;
  std::optional<int> port;
};

bool read_port(std::string_view text, std::optional<int>& port) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  port = number;
  return error == std::errc() && end == text.data() + text.size() && number > 0 && number < 65536;
}

// host, host:port, [address] or [address]:port.
bool read_host(std::string_view text, Host& host) {
  std::string_view after;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = {.name = text.substr(1, end - 1), .is_address = true, .port = {}};
    after = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    host = {.name = text.substr(0, colon), .is_address = false, .port = {}};
    if (colon != std::string_view::npos) after = text.substr(colon);
  }
  if (host.name.empty() && !after.empty()) return false;
  if (after.empty()) return true;
  return after.front() == ':' && read_port(after.substr(1), host.port);
}

// A host that names no port has the last one's, as apr_ldap reads the list.
Result<std::string> uris_of(std::string_view url, std::string_view list, bool ldaps) {
  std::vector<Host> hosts;
  while (!list.empty()) {
    const std::string_view text = core::next_piece(list, ' ');
    if (text.empty()) continue;
    Host host;
    if (!read_host(text, host)) {
      return malformed(url, "\"" + printable(text) +
                                "\" is no host name with a port from 1 to "
                                "65535; an IPv6 address stands in brackets.");
    }
    hosts.push_back(host);
  }
  if (hosts.empty()) hosts.push_back({.name = "localhost", .is_address = false, .port = {}});
  const int port = hosts.back().port.value_or(ldaps ? kLdapsPort : kLdapPort);
  std::string uris;
  for (const Host& host : hosts) {
    if (!uris.empty()) uris += ' ';
    uris += ldaps ? "ldaps://" : "ldap://";
    const std::string name(host.name);
    uris += host.is_address ? "[" + name + "]" : name;
    uris += ":" + std::to_string(host.port.value_or(port));
  }
  return uris;
}

std::optional<Tls> tls_of(std::string_view mode) {
  if (mode.empty() || equals_ignoring_case(mode, "none")) return Tls::None;
  if (equals_ignoring_case(mode, "ssl")) return Tls::Ldaps;
  if (equals_ignoring_case(mode, "tls") || equals_ignoring_case(mode, "starttls")) {
    return Tls::StartTls;
  }
  return std::nullopt;
}

std::string everybody(const char* filter, const std::string& attribute) {
  std::string text = filter == nullptr || *filter == '\0' ? "(objectClass=*)" : filter;
  if (text.front() != '(') text = "(" + text + ")";
  return "(&" + text + "(" + attribute + "=*))";
}

// base?attribute?scope?filter, percent-decoded. libldap reads it, behind a host of ours.
bool read_search(std::string_view rest, DirectoryUrl& out) {
  const std::string whole = "ldap:///" + std::string(rest);
  LDAPURLDesc* parsed = nullptr;
  if (ldap_url_parse(whole.c_str(), &parsed) != LDAP_URL_SUCCESS) return false;
  const UrlHandle url(parsed);
  out.base = url->lud_dn == nullptr ? "" : url->lud_dn;
  const bool has_attribute = url->lud_attrs != nullptr && url->lud_attrs[0] != nullptr;
  out.attribute = has_attribute ? url->lud_attrs[0] : "uid";
  out.scope = url->lud_scope == LDAP_SCOPE_ONELEVEL ? Scope::OneLevel : Scope::Subtree;
  out.filter = everybody(url->lud_filter, out.attribute);
  return true;
}

}  // namespace

Result<DirectoryUrl> parse_directory_url(std::string_view url, std::string_view mode) {
  std::string_view rest = url;
  const std::optional<Scheme> scheme = take_scheme(rest);
  if (!scheme) return malformed(url, "It does not begin with ldap://, ldaps:// or ldapi://.");
  const std::optional<Tls> tls = tls_of(mode);
  if (!tls) {
    return malformed(url,
                     "The mode \"" + printable(mode) + "\" is not NONE, SSL, TLS or STARTTLS.");
  }
  DirectoryUrl out;
  out.text = url;
  out.tls = scheme->is_tls ? Tls::Ldaps : *tls;
  const std::size_t slash = rest.find('/');
  const std::string_view hosts = rest.substr(0, slash);
  if (scheme->is_local) {
    out.uris = "ldapi://" + std::string(hosts) + "/";
    if (out.tls == Tls::Ldaps) return malformed(url, "A socket (ldapi://) has no SSL.");
  } else {
    Result<std::string> uris = uris_of(url, hosts, out.tls == Tls::Ldaps);
    if (!uris) return uris.error();
    out.uris = std::move(*uris);
  }
  if (!read_search(slash == std::string_view::npos ? "" : rest.substr(slash + 1), out)) {
    return malformed(url, "What stands after the host cannot be read; scope is one or sub.");
  }
  return out;
}

}  // namespace epoch::ldap
