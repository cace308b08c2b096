#include "httpd/visit.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include <algorithm>

#include "httpd/answers.h"
#include "httpd/boundary.h"
#include "web/accept.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

// With one slash at its beginning: as a Location, two would lead to another host.
std::string path_of(request_rec* r) {
  const std::string_view path = ap_escape_uri(r->pool, r->uri);
  return "/" + std::string(path.substr(std::min(path.find_first_not_of('/'), path.size())));
}

bool was_admitted(const Decided& decided) noexcept {
  const core::Action action = decided.examined.verdict.action;
  return action == core::Action::Admit || action == core::Action::AdmitSuccessor ||
         (action == core::Action::Login && decided.opened);
}

// Whether the request comes with a session, and the session is of the user whom httpd has let in.
bool has_session(const request_rec* r, const Decided& decided) {
  const core::Examined& examined = decided.examined;
  return !decided.policy.report && was_admitted(decided) && examined.session &&
         examined.session_root && r->user != nullptr &&
         examined.session->session->identity.user == r->user &&
         examined.session->session->zone == space_of(r)->zone;
}

// An internal redirect goes by what was decided about the request that led to it.
Decided* decision_for(request_rec* r) {
  if (Decided* own = decided_of(r)) return own;
  const Decided* earlier = earlier_decision(r);
  return earlier == nullptr ? nullptr : make_in_pool<Decided>(r->pool, *earlier);
}

}  // namespace

bool wants_json(const request_rec* r) {
  const char* accept = apr_table_get(r->headers_in, "Accept");
  return accept != nullptr && web::prefers_json(accept);
}

int check_visit(request_rec* r, const char* page) {
  if (mode_of(dir_config_of(r)) == Mode::Off || ap_auth_name(r) == nullptr) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "the %s URL %s must stand where AuthEpoch is On and AuthName is set: inside "
                  "the section whose sessions it shows",
                  page, r->uri);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (r->main != nullptr) return HTTP_FORBIDDEN;  // a whole page, and no part of another
  if (r->method_number != M_GET && r->method_number != M_POST) {
    // httpd writes the Allow field of a 405 itself, from these.
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_POST, -1);
    return HTTP_METHOD_NOT_ALLOWED;
  }
  return process_of(r->server).child == nullptr ? unavailable(r) : OK;
}

std::optional<Visit> visit_of(request_rec* r) {
  Decided* const decided = decision_for(r);
  if (decided == nullptr || !has_session(r, *decided)) return std::nullopt;
  return Visit{.r = r,
               .config = dir_config_of(r),
               .child = *process_of(r->server).child,
               .decided = *decided,
               .path = path_of(r),
               .json = wants_json(r)};
}

std::optional<core::Position> position_of(request_rec* r) {
  const Fields query = read_query(r);
  const std::string* const from = find_field(query, "from");
  return from == nullptr ? std::nullopt : core::base64url_decode(*from);
}

int read_own_form(const Visit& visit, Fields& fields, core::FormOrigin& origin) {
  request_rec* r = visit.r;
  if (!Presentation(r).traits().same_origin) {
    return send_problem(r, HTTP_FORBIDDEN, "Nothing was done",
                        "A session must be ended by a page of this site (Sec-Fetch-Site, Origin or "
                        "Referer did not show one).");
  }
  const int status = read_form(r, fields);
  if (status != OK) return status;
  const std::string* const token = find_field(fields, "token");
  const core::Result<core::FormOrigin> found =
      core::form_origin(visit.child.sessions(), visit.decided.examined,
                        token == nullptr ? std::string_view() : *token);
  if (!store_answered(visit, found)) return unavailable(r);
  origin = *found;
  if (origin != core::FormOrigin::Unknown || !visit.json) return OK;
  return send_problem(r, HTTP_FORBIDDEN, "Nothing was done",
                      "The field token is missing, or not this session's. A GET shows it.");
}

web::SessionEntry entry_of(const core::NamedSession& named, const Visit& visit) {
  const core::Session& session = *named.session;
  const bool current = named.key == visit.session().key;
  return {.id = core::public_id(named.key),
          .current = current,
          .address = session.address,
          .user_agent = session.user_agent,
          .signed_in = session.authenticated,
          .last_seen = current ? time_of(visit.r) : session.last_seen,
          .expires = session.expires};
}

int answer_done(const Visit& visit, const std::string& what) {
  if (visit.json) return send_json(visit.r, HTTP_OK, "{\"done\":\"" + what + "\"}\n");
  return send_redirect(visit.r, visit.path + "?done=" + what);
}

int answer_over(const Visit& visit) {
  if (!visit.json) return send_redirect(visit.r, visit.path + "?done=over");
  return send_problem(visit.r, HTTP_NOT_FOUND, "Over already",
                      "No live session that you may end has this id: it was over already.");
}

void note_answer(const Visit& visit, StoreUse use, const std::string& error) {
  visit.child.note_store_answer(visit.r, use, error);
}

}  // namespace epoch::httpd
