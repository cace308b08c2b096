// The handler auth-epoch-sessions: people see their own sessions in the zone, and end them.
#include <httpd.h>

#include <algorithm>

#include "httpd/answers.h"
#include "httpd/handlers.h"
#include "httpd/happenings.h"
#include "httpd/signed_out.h"
#include "httpd/visit.h"
#include "web/sessions_page.h"

namespace epoch::httpd {
namespace {

using core::FormOrigin;
using core::LogoutScope;
using core::NamedSession;
using web::SessionsStatus;

// ---- answers

// This browser's first, then the oldest login.
std::vector<web::SessionEntry> entries_of(const core::OwnSessions& list, const Visit& visit) {
  std::vector<web::SessionEntry> entries;
  for (const NamedSession& named : list.sessions) {
    entries.push_back(entry_of(named, visit));
    entries.back().expires = core::deadlines_of(*named.session, limits_of(visit.config)).age;
  }
  std::stable_partition(entries.begin(), entries.end(),
                        [](const web::SessionEntry& entry) { return entry.current; });
  return entries;
}

int show(const Visit& visit, int http_status, SessionsStatus status) {
  request_rec* r = visit.r;
  const std::optional<core::Position> from =
      r->method_number == M_GET ? position_of(r) : std::nullopt;
  const core::Result<core::OwnSessions> list = core::list_own(
      visit.child.sessions(), visit.session(), limits_of(visit.config), time_of(r), from);
  if (!store_answered(visit, list)) return unavailable(r);
  const std::string nonce = make_nonce();
  const std::string token = core::form_token(visit.root());
  const std::string next =
      list->next ? core::base64url_encode(core::bytes_of(*list->next)) : std::string();
  const web::SessionsValues values{.nonce = nonce,
                                   .realm = visit.decided.space->realm,
                                   .user = r->user,
                                   .return_path = return_path_of(visit.config),
                                   .entries = entries_of(*list, visit),
                                   .form = {.action = visit.path, .token = token},
                                   .next = next,
                                   .first = !from,
                                   .status = status};
  if (visit.json) return send_json(r, http_status, web::sessions_json(values));
  return send_page(r, http_status,
                   web::sessions_page(*server_config_of(r->server).templates, values));
}

// What the page that an action leads to says of it.
SessionsStatus status_of(request_rec* r) {
  const Fields query = read_query(r);
  const std::string* const done = find_field(query, "done");
  if (done == nullptr) return SessionsStatus::Nothing;
  if (*done == "end") return SessionsStatus::Ended;
  if (*done == "others") return SessionsStatus::OthersEnded;
  if (*done == "over") return SessionsStatus::WasOver;
  return SessionsStatus::Nothing;
}

int answer_signed_out(const Visit& visit, const std::string& what, const core::LoggedOut& done) {
  if (visit.json) {
    send_cookie(visit.r, visit.decided, done.cookie_value);
    return answer_done(visit, what);
  }
  // A challenge would come back to this URL with its answer, and the form once more.
  const LogoutResponse response = logout_response_of(visit.config) == LogoutResponse::Redirect
                                      ? LogoutResponse::Redirect
                                      : LogoutResponse::Page;
  return answer_logout(visit.r, visit.decided, response, logout_path_of(visit.config), done);
}

int answer_without_session(request_rec* r) {
  if (wants_json(r)) {
    return send_problem(r, HTTP_CONFLICT, "No session",
                        "This request was let in without a session, so there is nothing to show.");
  }
  const std::string nonce = make_nonce();
  const auto space = space_of(r);
  return send_page(r, HTTP_CONFLICT,
                   web::sessions_page(*server_config_of(r->server).templates,
                                      {.nonce = nonce,
                                       .realm = space->realm,
                                       .user = r->user == nullptr ? "" : r->user,
                                       .return_path = return_path_of(dir_config_of(r)),
                                       .entries = {},
                                       .form = {},
                                       .next = {},
                                       .status = SessionsStatus::NoSession}));
}

// ---- actions

int log_out(const Visit& visit, LogoutScope scope, const std::string& what) {
  request_rec* r = visit.r;
  const Presentation presentation(r);
  const core::Result<core::LoggedOut> done = visit.child.service().logout(
      visit.session(), visit.root(), scope, presentation.presented(), time_of(r));
  if (!store_answered(visit, done, StoreUse::Writing)) return unavailable(r);
  log_logout(r, *done);
  note_logout(r, visit.decided, scope, *done);
  return scope == LogoutScope::OtherBrowsers ? answer_done(visit, what)
                                             : answer_signed_out(visit, what, *done);
}

int end_other(const Visit& visit, const std::string& id) {
  request_rec* r = visit.r;
  const core::Result<std::optional<NamedSession>> found = core::find_own(
      visit.child.sessions(), visit.session(), id, limits_of(visit.config), time_of(r));
  if (!store_answered(visit, found)) return unavailable(r);
  if (!*found) return answer_over(visit);
  const NamedSession& session = **found;
  const core::Result<bool> ended =
      visit.child.service().end(session, core::EndReason::LoggedOut, time_of(r));
  if (!store_answered(visit, ended, StoreUse::Writing)) return unavailable(r);
  if (!*ended) return answer_over(visit);
  log_ended(r, session.key, session.session->identity.user);
  note_ended(r, session, core::EndReason::LoggedOut);
  return answer_done(visit, "end");
}

// This browser's session, also by the name that it had when the form was made.
bool is_this_browsers(const Visit& visit, const std::string& id, FormOrigin origin) {
  if (id == core::public_id(visit.session().key)) return true;
  return origin == FormOrigin::SessionBefore &&
         id == core::public_id(core::record_key_of(*visit.decided.examined.cookie_root));
}

int carry_out(const Visit& visit, const Fields& fields, FormOrigin origin) {
  const std::string* const action = find_field(fields, "action");
  const std::string* const id = find_field(fields, "session");
  if (action != nullptr && *action == "others") {
    return log_out(visit, LogoutScope::OtherBrowsers, *action);
  }
  if (action != nullptr && *action == "all")
    return log_out(visit, LogoutScope::AllBrowsers, *action);
  if (action != nullptr && *action == "end" && id != nullptr) {
    return is_this_browsers(visit, *id, origin) ? log_out(visit, LogoutScope::ThisBrowser, *action)
                                                : end_other(visit, *id);
  }
  return send_problem(
      visit.r, HTTP_BAD_REQUEST, "Unknown action",
      "The field action takes `end`, with the id of a session in the field session, "
      "`others` or `all`.");
}

int act(const Visit& visit) {
  Fields fields;
  FormOrigin origin = FormOrigin::Unknown;
  const int status = read_own_form(visit, fields, origin);
  if (status != OK) return status;
  return origin == FormOrigin::Unknown ? show(visit, HTTP_FORBIDDEN, SessionsStatus::OutOfDate)
                                       : carry_out(visit, fields, origin);
}

}  // namespace

int serve_sessions(request_rec* r) {
  if (const int status = check_visit(r, "sessions"); status != OK) return status;
  const std::optional<Visit> visit = visit_of(r);
  if (!visit) return answer_without_session(r);
  return r->method_number == M_POST ? act(*visit) : show(*visit, HTTP_OK, status_of(r));
}

}  // namespace epoch::httpd
