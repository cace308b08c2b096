#include "ldap/connection.h"

#include <sys/time.h>

#include <array>
#include <utility>
#include <vector>

#include "ldap/ldap_errors.h"
#include "ldap/request_controls.h"
#include "ldap/sync_messages.h"
#include "ldap/tls_options.h"

namespace epoch::ldap {
namespace {

using core::Done;
using core::Error;
using core::ErrorCode;
using core::Result;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// How often a stop is looked for.
constexpr milliseconds kSlice{200};
// The most that a message of the server's may hold.
constexpr ber_len_t kMostMessageBytes = ber_len_t{16} << 20U;

timeval timeval_of(milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const std::chrono::microseconds rest = time - seconds;
  return {.tv_sec = seconds.count(), .tv_usec = rest.count()};
}

// libldap takes attribute lists without const.
std::vector<char*> attribute_list(std::span<const char* const> names) {
  std::vector<char*> list;
  list.reserve(names.size() + 1);
  for (const char* name : names) list.push_back(const_cast<char*>(name));
  list.push_back(nullptr);
  return list;
}

void set_number(LDAP* ldap, int option, int value) { ldap_set_option(ldap, option, &value); }

// A peer that has died without a word is noticed within a minute.
void set_keepalive(LDAP* ldap) {
  set_number(ldap, LDAP_OPT_X_KEEPALIVE_IDLE, 30);
  set_number(ldap, LDAP_OPT_X_KEEPALIVE_PROBES, 3);
  set_number(ldap, LDAP_OPT_X_KEEPALIVE_INTERVAL, 10);
}

void bound_messages(LDAP* ldap) {
  Sockbuf* socket = nullptr;
  ber_len_t most = kMostMessageBytes;
  if (ldap_get_option(ldap, LDAP_OPT_SOCKBUF, &socket) == LDAP_OPT_SUCCESS && socket != nullptr) {
    ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most);
  }
}

Error stopped() { return {ErrorCode::Unavailable, "the watcher is being stopped"}; }

int last_code(LDAP* ldap) {
  int code = LDAP_OTHER;
  ldap_get_option(ldap, LDAP_OPT_RESULT_CODE, &code);
  return code;
}

std::string last_diagnostic(LDAP* ldap) {
  char* text = nullptr;
  ldap_get_option(ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
  const TextHandle owned(text);
  return owned ? owned.get() : "";
}

// libldap calls a certificate that is not trusted a server that cannot be reached.
std::string connecting_failed(const DirectoryUrl& url) {
  return url.tls == Tls::None ? "the connection to " + url.uris + " failed"
                              : "the TLS connection to " + url.uris +
                                    " failed (LDAPTrustedGlobalCert must know its certificate)";
}

bool has_value(const DirectoryEntry& entry, std::string_view name, std::string_view wanted) {
  const std::vector<std::string>* values = entry.values(name);
  if (values == nullptr) return false;
  for (const std::string& value : *values) {
    if (value == wanted) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const WatchSettings& settings,
                                                     std::stop_token stop) {
  std::unique_ptr<Connection> connection(new Connection(settings, std::move(stop)));
  if (Result<Done> done = connection->connect(); !done) return done.error();
  if (Result<Done> done = connection->bind(); !done) return done.error();
  if (Result<Done> done = connection->read_root(); !done) return done.error();
  return connection;
}

Connection::Connection(const WatchSettings& settings, std::stop_token stop)
    : settings_(settings), stop_(std::move(stop)) {}

Result<Done> Connection::connect() {
  LDAP* ldap = nullptr;
  const std::string what = connecting_failed(settings_.url);
  const int made = ldap_initialize(&ldap, settings_.url.uris.c_str());
  if (made != LDAP_SUCCESS) return ldap_error(made, what);
  ldap_.reset(ldap);
  set_number(ldap, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3);
  ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  const timeval patience = timeval_of(settings_.network_timeout);
  ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &patience);
  ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &patience);
  set_keepalive(ldap);
  bound_messages(ldap);
  if (settings_.url.tls == Tls::None) return Done{};
  const int prepared = prepare_tls(ldap, settings_.verify_certificate);
  if (prepared != LDAP_SUCCESS) return ldap_error(prepared, "TLS could not be set up");
  if (settings_.url.tls != Tls::StartTls) return Done{};
  const int started = ldap_start_tls_s(ldap, nullptr, nullptr);
  if (started != LDAP_SUCCESS) return ldap_error(started, what, last_diagnostic(ldap));
  return Done{};
}

Result<Done> Connection::bind() {
  const std::string_view password = settings_.bind.password();
  berval secret{.bv_len = password.size(), .bv_val = const_cast<char*>(password.data())};
  const std::string dn(settings_.bind.user());
  int operation = 0;
  const int sent = ldap_sasl_bind(ldap_.get(), dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr,
                                  nullptr, &operation);
  const std::string what = connecting_failed(settings_.url);
  if (sent != LDAP_SUCCESS) return ldap_error(sent, what, last_diagnostic(ldap_.get()));
  Result<MessageHandle> result = collect(operation, {});
  if (!result) return result.error();
  const int code = code_of(result->get());
  if (code == LDAP_SUCCESS) return Done{};
  return ldap_error(code,
                    dn.empty() ? "the directory refuses an anonymous bind"
                               : "the directory refuses to bind " + dn,
                    last_diagnostic(ldap_.get()));
}

Result<Done> Connection::read_root() {
  const std::array<const char*, 2> wanted{"supportedControl", "supportedCapabilities"};
  std::vector<char*> attributes = attribute_list(wanted);
  Result<int> operation = send("", LDAP_SCOPE_BASE, "(objectClass=*)", attributes.data(), nullptr);
  if (!operation) return operation.error();
  const Each read = [this](const DirectoryEntry& root) -> Result<Done> {
    offers_.content_sync = has_value(root, "supportedControl", kSyncRequestOid);
    offers_.paged_results = has_value(root, "supportedControl", LDAP_CONTROL_PAGEDRESULTS);
    offers_.active_directory = has_value(root, "supportedCapabilities", "1.2.840.113556.1.4.800");
    return Done{};
  };
  const Result<MessageHandle> result = collect(*operation, read);
  // A directory that hides its root offers nothing that we know of.
  if (!result) return result.error();
  return Done{};
}

// ---- searching

Result<Done> Connection::search(const std::string& filter, std::span<const char* const> attributes,
                                const Each& each) {
  std::vector<char*> list = attribute_list(attributes);
  std::string page_cookie;
  do {
    if (Result<Done> read = read_page(filter, list.data(), each, page_cookie); !read) return read;
  } while (!page_cookie.empty());
  return Done{};
}

Result<Done> Connection::read_page(const std::string& filter, char** attributes, const Each& each,
                                   std::string& page_cookie) {
  ControlHandle control;
  if (offers_.paged_results) {
    Result<ControlHandle> made = page_control(ldap_.get(), page_cookie);
    if (!made) return made.error();
    control = std::move(*made);
  }
  const int scope =
      settings_.url.scope == Scope::OneLevel ? LDAP_SCOPE_ONELEVEL : LDAP_SCOPE_SUBTREE;
  const Result<int> operation = send(settings_.url.base, scope, filter, attributes, control.get());
  if (!operation) return operation.error();
  const Result<MessageHandle> result = collect(*operation, each);
  if (!result) return result.error();
  if (Result<Done> done = result_of(result->get()); !done) return done;
  page_cookie = next_page(ldap_.get(), result->get());
  return Done{};
}

Result<bool> Connection::finds(const std::string& dn) {
  return any_entry(dn, settings_.url.filter);
}

Result<bool> Connection::shows_base() {
  if (settings_.url.base.empty()) return true;
  return any_entry(settings_.url.base, "(objectClass=*)");
}

Result<bool> Connection::any_entry(const std::string& base, const std::string& filter) {
  const std::array<const char*, 1> none{LDAP_NO_ATTRS};
  std::vector<char*> attributes = attribute_list(none);
  const Result<int> operation = send(base, LDAP_SCOPE_BASE, filter, attributes.data(), nullptr);
  if (!operation) return operation.error();
  bool any = false;
  const Result<MessageHandle> result =
      collect(*operation, [&any](const DirectoryEntry&) -> Result<Done> {
        any = true;
        return Done{};
      });
  if (!result) return result.error();
  if (code_of(result->get()) == LDAP_NO_SUCH_OBJECT) return false;
  if (Result<Done> done = result_of(result->get()); !done) return done.error();
  return any;
}

Result<Done> Connection::ask_for_a_sign_of_life() {
  const std::array<const char*, 1> none{LDAP_NO_ATTRS};
  std::vector<char*> attributes = attribute_list(none);
  const Result<int> operation =
      send("", LDAP_SCOPE_BASE, "(objectClass=*)", attributes.data(), nullptr);
  if (!operation) return operation.error();
  const Result<MessageHandle> result =
      collect(*operation, [](const DirectoryEntry&) { return Done{}; });
  if (!result) return result.error();
  return Done{};
}

Result<int> Connection::start_sync(const std::optional<std::string>& cookie) {
  Result<ControlHandle> control = sync_control(cookie);
  if (!control) return control.error();
  std::vector<char*> attributes = attribute_list(state_attributes());
  const int scope =
      settings_.url.scope == Scope::OneLevel ? LDAP_SCOPE_ONELEVEL : LDAP_SCOPE_SUBTREE;
  return send(settings_.url.base, scope, settings_.url.filter, attributes.data(), control->get());
}

// ---- operations

Result<int> Connection::send(const std::string& base, int scope, const std::string& filter,
                             char** attributes, LDAPControl* control) {
  std::array<LDAPControl*, 2> controls{control, nullptr};
  int operation = 0;
  const int code = ldap_search_ext(ldap_.get(), base.c_str(), scope, filter.c_str(), attributes, 0,
                                   control == nullptr ? nullptr : controls.data(), nullptr, nullptr,
                                   LDAP_NO_LIMIT, &operation);
  if (code != LDAP_SUCCESS) {
    return ldap_error(code, "the directory could not be asked", last_diagnostic(ldap_.get()));
  }
  return operation;
}

Result<MessageHandle> Connection::collect(int operation, const Each& each) {
  for (;;) {
    Result<MessageHandle> message = next(operation, settings_.operation_timeout);
    if (!message) return message;
    if (!*message) {
      return Error{ErrorCode::Unavailable, "the directory did not answer within " +
                                               std::to_string(settings_.operation_timeout.count()) +
                                               " s"};
    }
    switch (ldap_msgtype(message->get())) {
      case LDAP_RES_SEARCH_ENTRY:
        if (Result<Done> done = each(entry_in(ldap_.get(), message->get())); !done) {
          ldap_abandon_ext(ldap_.get(), operation, nullptr, nullptr);
          return done.error();
        }
        break;
      case LDAP_RES_SEARCH_REFERENCE:
      case LDAP_RES_INTERMEDIATE:
        break;
      default:
        return message;
    }
  }
}

Result<MessageHandle> Connection::next(int operation, milliseconds patience) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (stop_.stop_requested()) return stopped();
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    timeval slice = timeval_of(std::max(milliseconds(0), std::min(left, kSlice)));
    LDAPMessage* message = nullptr;
    const int type = ldap_result(ldap_.get(), operation, LDAP_MSG_ONE, &slice, &message);
    MessageHandle owned(message);
    if (type < 0) {
      const int code = last_code(ldap_.get());
      return ldap_error(code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code,
                        "the connection to " + settings_.url.uris + " broke off",
                        last_diagnostic(ldap_.get()));
    }
    if (type > 0 || left <= milliseconds(0)) return owned;
  }
}

int Connection::code_of(LDAPMessage* message) {
  int code = LDAP_OTHER;
  const int parsed =
      ldap_parse_result(ldap_.get(), message, &code, nullptr, nullptr, nullptr, nullptr, 0);
  return parsed == LDAP_SUCCESS ? code : parsed;
}

Result<Done> Connection::result_of(LDAPMessage* message) {
  const int code = code_of(message);
  if (code == LDAP_SUCCESS) return Done{};
  return ldap_error(code, "the search below \"" + settings_.url.base + "\" failed",
                    last_diagnostic(ldap_.get()));
}

DirectoryEntry entry_in(LDAP* ldap, LDAPMessage* message) {
  DirectoryEntry entry;
  const TextHandle dn(ldap_get_dn(ldap, message));
  if (dn) entry.dn = dn.get();
  BerElement* position = nullptr;
  TextHandle name(ldap_first_attribute(ldap, message, &position));
  const WalkHandle walk(position);
  for (; name; name.reset(ldap_next_attribute(ldap, message, walk.get()))) {
    Attribute attribute{.name = name.get(), .values = {}};
    const ValuesHandle values(ldap_get_values_len(ldap, message, name.get()));
    for (berval** each = values.get(); each != nullptr && *each != nullptr; ++each) {
      attribute.values.emplace_back((*each)->bv_val, (*each)->bv_len);
    }
    entry.attributes.push_back(std::move(attribute));
  }
  return entry;
}

}  // namespace epoch::ldap
