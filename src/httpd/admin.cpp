// The handler auth-epoch-admin: administrators see everybody's sessions, and end them.
#include <httpd.h>

#include <http_core.h>
#include <http_log.h>

#include <algorithm>
#include <charconv>

#include "core/administration.h"
#include "core/text.h"
#include "httpd/answers.h"
#include "httpd/authorization_probe.h"
#include "httpd/handlers.h"
#include "httpd/happenings.h"
#include "httpd/visit.h"
#include "web/admin_page.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

using core::EndReason;
using core::FormOrigin;
using core::NamedSession;
using core::Reach;
using web::AdminReach;
using web::AdminStatus;

constexpr std::size_t kSessionsPerPage = 50;
constexpr std::size_t kLongestReason = 200;
constexpr long kMostHours = 24L * 366;

std::string text_of(const Fields& fields, std::string_view name) {
  const std::string* const field = find_field(fields, name);
  return field == nullptr ? std::string() : std::string(core::trimmed(*field));
}

// ---- the list

web::AdminEntry admin_entry_of(const NamedSession& named, const Visit& visit) {
  return {.user = named.session->identity.user,
          .zone = named.session->zone,
          .session = entry_of(named, visit)};
}

// What is no number of hours asks for nothing.
core::Seconds hours_of(const std::string& text) {
  long hours = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hours);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return std::chrono::hours(is_number ? std::clamp(hours, 0L, kMostHours) : 0L);
}

int show(const Visit& visit, int http_status, AdminStatus status) {
  request_rec* r = visit.r;
  const Fields query = read_query(r);
  const std::string user = text_of(query, "user");
  const std::string zone = text_of(query, "zone");
  const std::string address = text_of(query, "address");
  const std::string hours = text_of(query, "hours");
  const core::SessionFilter filter{
      .user = user, .zone = zone, .address = address, .signed_in_for = hours_of(hours)};
  const std::optional<core::Position> from = position_of(r);
  const core::Result<core::SessionsFound> found =
      core::find_sessions(visit.child.sessions(), filter, from, kSessionsPerPage, time_of(r));
  if (!store_answered(visit, found)) return unavailable(r);

  const std::string nonce = make_nonce();
  const std::string token = core::form_token(visit.root());
  const std::string next =
      found->next ? core::base64url_encode(core::bytes_of(*found->next)) : std::string();
  web::AdminValues values{.nonce = nonce,
                          .realm = visit.decided.space->realm,
                          .return_path = return_path_of(visit.config),
                          .entries = {},
                          .form = {.action = visit.path, .token = token},
                          .search = {user, zone, address, hours},
                          .next = next,
                          .first = !from,
                          .status = status};
  for (const NamedSession& each : found->sessions) {
    values.entries.push_back(admin_entry_of(each, visit));
  }
  if (visit.json) return send_json(r, http_status, web::admin_json(values));
  return send_page(r, http_status, web::admin_page(*server_config_of(r->server).templates, values));
}

// What the page that an action leads to says of it.
AdminStatus status_of(const Fields& query) {
  const std::string done = text_of(query, "done");
  if (done == "end-session") return AdminStatus::SessionEnded;
  if (done == "end-user") return AdminStatus::UserEnded;
  if (done == "end-zone") return AdminStatus::ZoneEnded;
  if (done == "end-all") return AdminStatus::EverythingEnded;
  return done == "over" ? AdminStatus::WasOver : AdminStatus::Nothing;
}

// ---- what is to end

struct Target {
  AdminReach reach = AdminReach::Session;
  std::optional<core::Listed> session;  // of Session; of User, one of theirs
  std::string zone;                     // of Zone

  [[nodiscard]] bool needs_session() const noexcept {
    return reach == AdminReach::Session || reach == AdminReach::User;
  }
};

std::optional<AdminReach> reach_of(std::string_view word) {
  if (word == "session" || word == "end-session") return AdminReach::Session;
  if (word == "user" || word == "end-user") return AdminReach::User;
  if (word == "zone" || word == "end-zone") return AdminReach::Zone;
  if (word == "all" || word == "end-all") return AdminReach::Everything;
  return std::nullopt;
}

// nullopt where the fields name nothing that could be ended.
core::Result<std::optional<Target>> target_of(const Visit& visit, const Fields& fields,
                                              std::string_view word) {
  const std::optional<AdminReach> reach = reach_of(word);
  if (!reach) return std::optional<Target>();
  Target target{.reach = *reach, .session = std::nullopt, .zone = text_of(fields, "zone")};
  if (*reach == AdminReach::Zone && target.zone.empty()) return std::optional<Target>();
  if (target.needs_session()) {
    core::Result<std::optional<core::Listed>> session =
        core::find_session(visit.child.sessions(), text_of(fields, "session"));
    if (!session) return session.error();
    target.session = *std::move(session);
  }
  return std::optional(std::move(target));
}

int refuse_unknown_action(const Visit& visit) {
  return send_problem(visit.r, HTTP_BAD_REQUEST, "Unknown action",
                      "The field action takes `end-session` or `end-user`, with the id of a "
                      "session in the field session, `end-zone`, with the field zone, or "
                      "`end-all`; and each needs the field reason.");
}

// Whether the administrator's own session would end with the others.
bool ends_own(const Visit& visit, const Target& target) {
  const core::Session& own = *visit.session().session;
  switch (target.reach) {
    case AdminReach::Session:
      return false;
    case AdminReach::User:
      return target.session && target.session->session.zone == own.zone &&
             core::subject_of(target.session->session.identity) == core::subject_of(own.identity);
    case AdminReach::Zone:
      return target.zone == own.zone;
    case AdminReach::Everything:
      break;
  }
  return true;
}

int ask(const Visit& visit, const Target& target, int http_status, bool no_reason) {
  const std::string nonce = make_nonce();
  const std::string token = core::form_token(visit.root());
  std::optional<web::AdminEntry> entry;
  if (target.session) {
    entry = admin_entry_of({.key = target.session->key, .session = target.session->session}, visit);
  }
  return send_page(visit.r, http_status,
                   web::admin_confirm(*server_config_of(visit.r->server).templates,
                                      {.nonce = nonce,
                                       .realm = visit.decided.space->realm,
                                       .form = {.action = visit.path, .token = token},
                                       .reach = target.reach,
                                       .entry = entry ? &*entry : nullptr,
                                       .zone = target.zone,
                                       .spares_own = ends_own(visit, target),
                                       .no_reason = no_reason}));
}

// ---- ending

int end_session(const Visit& visit, const core::Listed& listed, const std::string& reason) {
  request_rec* r = visit.r;
  const NamedSession session{.key = listed.key, .session = listed.session};
  const bool is_over = listed.session.end || listed.outgrown;
  const core::Result<bool> ended =
      is_over ? core::Result<bool>(false)
              : visit.child.service().end(session, EndReason::EndedByAdministrator, time_of(r));
  if (!store_answered(visit, ended, StoreUse::Writing)) return unavailable(r);
  if (!*ended) return answer_over(visit);
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "session %s of user %s ended by %s",
                core::short_id(session.key).c_str(), session.session->identity.user.c_str(),
                r->user);
  note_ended_by_administrator(r, session, reason);
  return answer_done(visit, "end-session");
}

core::Sweep sweep_for(const Visit& visit, const Target& target, bool keeps_own) {
  core::Sweep sweep{.reach = Reach::Everything,
                    .zone = {},
                    .subject = {},
                    .except = std::nullopt,
                    .reason = EndReason::EndedByAdministrator};
  if (target.reach == AdminReach::User) {
    sweep.reach = Reach::UserInZone;
    sweep.zone = target.session->session.zone;
    sweep.subject = core::subject_of(target.session->session.identity);
  } else if (target.reach == AdminReach::Zone) {
    sweep.reach = Reach::Zone;
    sweep.zone = target.zone;
  }
  if (keeps_own && ends_own(visit, target)) sweep.except = visit.session().key;
  return sweep;
}

int end_all(const Visit& visit, const Target& target, const std::string& reason, bool keeps_own) {
  request_rec* r = visit.r;
  const core::Sweep sweep = sweep_for(visit, target, keeps_own);
  const core::Result<std::uint64_t> raised = visit.child.sessions().sweep(sweep, time_of(r));
  if (!store_answered(visit, raised, StoreUse::Writing)) return unavailable(r);
  const bool is_user = target.reach == AdminReach::User;
  const std::string user = is_user ? target.session->session.identity.user : "everybody";
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "all sessions of %s in %s%s ended by %s%s",
                user.c_str(), sweep.zone.empty() ? "all zones" : "zone ", sweep.zone.c_str(),
                r->user, sweep.except ? ", but for this one" : "");
  note_swept_by_administrator(r, sweep, is_user ? &target.session->session : nullptr, reason);
  if (is_user) return answer_done(visit, "end-user");
  return answer_done(visit, target.reach == AdminReach::Zone ? "end-zone" : "end-all");
}

int carry_out(const Visit& visit, const Fields& fields) {
  const core::Result<std::optional<Target>> target =
      target_of(visit, fields, text_of(fields, "action"));
  if (!store_answered(visit, target)) return unavailable(visit.r);
  if (!*target) return refuse_unknown_action(visit);
  if ((*target)->needs_session() && !(*target)->session) return answer_over(visit);
  const std::string reason = text_of(fields, "reason");
  if (reason.empty() || reason.size() > kLongestReason) {
    return visit.json ? refuse_unknown_action(visit)
                      : ask(visit, **target, HTTP_BAD_REQUEST, /*no_reason=*/true);
  }
  if ((*target)->reach == AdminReach::Session) {
    return end_session(visit, *(*target)->session, reason);
  }
  return end_all(visit, **target, reason, text_of(fields, "keep") == "own");
}

int act(const Visit& visit) {
  Fields fields;
  FormOrigin origin = FormOrigin::Unknown;
  const int status = read_own_form(visit, fields, origin);
  if (status != OK) return status;
  return origin == FormOrigin::Unknown ? show(visit, HTTP_FORBIDDEN, AdminStatus::OutOfDate)
                                       : carry_out(visit, fields);
}

int look(const Visit& visit) {
  const Fields query = read_query(visit.r);
  const std::string what = text_of(query, "confirm");
  if (what.empty()) return show(visit, HTTP_OK, status_of(query));
  const core::Result<std::optional<Target>> target = target_of(visit, query, what);
  if (!store_answered(visit, target)) return unavailable(visit.r);
  if (!*target) return show(visit, HTTP_OK, AdminStatus::Nothing);
  if ((*target)->needs_session() && !(*target)->session) return answer_over(visit);
  return ask(visit, **target, HTTP_OK, /*no_reason=*/false);
}

// ---- who may come here

int refuse_place(request_rec* r, const char* why) {
  ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "the admin URL %s shows nothing: %s", r->uri, why);
  return send_problem(r, HTTP_FORBIDDEN, "Not an administrator's place",
                      "This page is not set up for administrators alone; the server's error log "
                      "says more.");
}

int check_place(request_rec* r) {
  const DirConfig& config = dir_config_of(r);
  if (!config.admin_place.value_or(false)) {
    return refuse_place(r,
                        "`SetHandler auth-epoch-admin` must stand in the server's "
                        "configuration, not in an .htaccess file");
  }
  if (!config.admin_any_user.value_or(false) && lets_everybody_in(r)) {
    return refuse_place(r,
                        "its `Require` lets in every user who can log in; require "
                        "administrators (`Require user`, `Require group`, `Require ldap-group` "
                        "and the like), or set AuthEpochAdminAnyUser On");
  }
  return OK;
}

}  // namespace

int serve_admin(request_rec* r) {
  if (const int status = check_visit(r, "admin"); status != OK) return status;
  if (const int status = check_place(r); status != OK) return status;
  const std::optional<Visit> visit = visit_of(r);
  if (!visit) {
    return send_problem(r, HTTP_CONFLICT, "No session",
                        "This request was let in without a session; sign in, and come again.");
  }
  return r->method_number == M_POST ? act(*visit) : look(*visit);
}

}  // namespace epoch::httpd
