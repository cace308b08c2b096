#include "server.h"

#include <algorithm>
#include <cstring>

#include "core/last_seen.h"

namespace epoch::model {
namespace {

using core::Action;

// As good as random: a counter that no two draws of one run share.
class CountedEntropy final : public core::Entropy {
 public:
  explicit CountedEntropy(std::uint64_t& drawn) : drawn_(drawn) {}
  void fill(std::span<std::uint8_t> bytes) override {
    ++drawn_;
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    std::memcpy(bytes.data(), &drawn_, std::min(bytes.size(), sizeof drawn_));
  }

 private:
  std::uint64_t& drawn_;
};

core::Policy policy_of(const Request& request, const Setting& setting) {
  return {.limits = setting.site.limits,
          .fresh_login = setting.site.places[request.place].fresh_login};
}

// A service as each process has one, and what the request presents to it.
class Visit {
 public:
  Visit(Server& server, const Request& request, const Setting& setting, const Rules& rules)
      : server_(server),
        space_(setting.site.spaces[setting.site.places[request.place].space]),
        zone_(zone_name_of(space_)),
        name_(cookie_name_of(space_)),
        presented_{.cookie_header = {},
                   .cookie_name = name_,
                   .credentials =
                       request.credentials ? &credentials_of(request.credentials->who) : nullptr,
                   .request = traits_of(request.load, setting),
                   .zone = zone_,
                   .origin = space_.origin,
                   .realm = space_.realm,
                   .space = core::space_tag(space_.origin, space_.realm)},
        entropy_(server.entropy),
        store_(rules.around(server.store)),
        service_(*store_, signing_keys(), entropy_) {
    if (request.cookie.empty()) return;
    header_ = name_ + "=" + rules.incoming(exchange(), request.cookie);
    presented_.cookie_header = header_;
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  core::Service& service() { return service_; }
  [[nodiscard]] const core::Presented& presented() const { return presented_; }
  [[nodiscard]] const std::string& zone() const { return zone_; }
  [[nodiscard]] Exchange exchange() const {
    return {.presented = presented_,
            .keys = signing_keys(),
            .instance = *server_.store.instance(),
            .now = server_.now};
  }

 private:
  Server& server_;
  const Space& space_;
  std::string zone_;
  std::string name_;
  std::string header_;
  core::Presented presented_;
  CountedEntropy entropy_;
  std::unique_ptr<core::SessionStore> store_;
  core::Service service_;
};

void answer(Request& request, Scheme scheme, Shows shows, const std::string& cookie,
            const Server& server, const Setting& setting, const Rules& rules) {
  const Space& space = setting.site.spaces[setting.site.places[request.place].space];
  request.stage = Stage::Answered;
  request.login.reset();
  request.answer = {
      .scheme = scheme,
      .realm = scheme == Scheme::None ? std::string() : rules.realm(space.realm, server.refusals),
      .cookie = cookie,
      .shows = shows};
}

Scheme scheme_of(Action action) noexcept {
  switch (action) {
    case Action::Forbid:
    case Action::Unavailable:
      return Scheme::None;
    case Action::AskEpoch:
    case Action::SignInPage:
      return Scheme::Epoch;
    default:
      return Scheme::Basic;
  }
}

// answers.cpp: refuse(). Also where mod_auth_basic refuses: Pass, and a wrong password.
void refuse(Request& request, const core::Examined& examined, Server& server,
            const Setting& setting, const Rules& rules) {
  const Action action = examined.verdict.action;
  if (action == Action::RefuseAndArm) ++server.refusals;
  answer(request, scheme_of(action), action == Action::SignInPage ? Shows::SignIn : Shows::Nothing,
         examined.cookie_value, server, setting, rules);
}

void note_seen(Server& server, const core::NamedSession& session, const Setting& setting) {
  const core::Seconds interval = core::flush_interval(setting.site.limits.idle);
  if (server.now - session.session->last_seen >= interval) server.seen[session.key] = server.now;
}

// The session is live, and the provider verifies as always.
void admit(Request& request, const core::Examined& examined, Served& served, Server& server,
           const Setting& setting, const Rules& rules) {
  note_seen(server, *examined.session, setting);
  const bool admitted = is_right(request.credentials->who);
  if (admitted) served.accepted = examined.session->key;
  answer(request, admitted ? Scheme::None : Scheme::Basic, admitted ? Shows::Page : Shows::Nothing,
         admitted ? examined.cookie_value : std::string(), server, setting, rules);
}

// logout.cpp: handle() and answer_logout().
Served log_out(Visit& visit, Request& request, Server& server, const Setting& setting,
               const Rules& rules) {
  Served served;
  if (!visit.presented().request.same_origin) {
    served.refused_logout = true;
    answer(request, Scheme::None, Shows::Nothing, {}, server, setting, rules);
    return served;
  }
  const bool challenges = setting.site.answers_logout_with_challenge;
  const core::LoggedOut done = *visit.service().logout(
      visit.presented(), {.scope = request.scope, .answered_by_challenge = challenges},
      setting.site.limits, server.now);
  served.logout = done;
  if (done.is_answer || done.cookie_value.empty()) {
    answer(request, Scheme::None, Shows::Redirect, done.cookie_value, server, setting, rules);
  } else if (challenges && done.scope_granted) {
    answer(request, Scheme::Basic, Shows::Nothing, done.cookie_value, server, setting, rules);
  } else {
    answer(request, Scheme::Epoch, Shows::SignedOut, done.cookie_value, server, setting, rules);
  }
  return served;
}

// fixups.cpp: refuse_conflict().
void refuse_conflict(Visit& visit, Request& request, Served& served, Server& server,
                     const Setting& setting, const Rules& rules) {
  core::Examined examined = *visit.service().refuse_conflict(*request.login, visit.presented(),
                                                             setting.site.limits, server.now);
  rules.examined(visit.exchange(), examined);
  served.verdict = examined.verdict;
  refuse(request, examined, server, setting, rules);
}

void fill_metadata(Load load, core::RequestFields& fields) {
  const bool foreign = load == Load::ForeignForm || load == Load::ForeignLink ||
                       load == Load::ForeignImage || load == Load::ForeignLogout;
  const bool script = load == Load::Script || load == Load::ScriptOwn || load == Load::Forget;
  const bool image = load == Load::Image || load == Load::ForeignImage;
  fields.sec_fetch_site = foreign ? "cross-site" : "same-origin";
  fields.sec_fetch_mode = script ? "cors" : image ? "no-cors" : "navigate";
  fields.sec_fetch_dest = script ? "empty" : image ? "image" : "document";
  if (load == Load::Prefetch) fields.sec_purpose = "prefetch";
}

}  // namespace

const core::KeyRing& signing_keys() {
  static const core::KeyRing kKeys({core::SigningKey(core::TimePoint(), core::Hash256{7})});
  return kKeys;
}

std::string cookie_name_of(const Space& space) { return "epoch-" + std::to_string(space.zone); }
std::string zone_name_of(const Space& space) { return "zone " + std::to_string(space.zone); }

core::RequestTraits traits_of(Load load, const Setting& setting) {
  core::RequestFields fields;
  const bool foreign = load == Load::ForeignForm || load == Load::ForeignLogout;
  const bool posts = foreign || load == Load::Form || load == Load::Logout;
  fields.method = posts ? "POST" : "GET";
  fields.has_origin = posts;
  fields.origin_is_ours = !foreign;
  if (setting.sends_metadata) fill_metadata(load, fields);
  if (load == Load::Forget) fields.auth_epoch = "forget";
  return core::traits_of(fields);
}

Served serve(Server& server, Request& request, const Setting& setting, const Rules& rules) {
  Visit visit(server, request, setting, rules);
  if (request.load == Load::Logout || request.load == Load::ForeignLogout) {
    return log_out(visit, request, server, setting, rules);
  }
  core::Examined examined =
      visit.service().examine(visit.presented(), policy_of(request, setting), server.now);
  rules.examined(visit.exchange(), examined);
  Served served{.verdict = examined.verdict};
  switch (examined.verdict.action) {
    case Action::Login:
      request.stage = Stage::Verifying;
      request.login = examined.login;
      break;
    case Action::Admit:
    case Action::AdmitSuccessor:
      admit(request, examined, served, server, setting, rules);
      break;
    default:
      refuse(request, examined, server, setting, rules);
  }
  return served;
}

Served verify(Server& server, Request& request, const Setting& setting, const Rules& rules) {
  Served served;
  if (!is_right(request.credentials->who)) {
    answer(request, Scheme::Basic, Shows::Nothing, {}, server, setting, rules);
    return served;
  }
  Visit visit(server, request, setting, rules);
  const core::LoginFacts facts{
      .identity = {.user = std::string(credentials_of(request.credentials->who).user())},
      .zone = visit.zone(),
      .verifier = {},
      .address = {},
      .user_agent = {}};
  const core::OpenedSession opened =
      *visit.service().open(*request.login, facts, {.limits = setting.site.limits}, server.now);
  served.opened = opened.outcome;
  if (opened.outcome == core::OpenOutcome::Conflict) {
    refuse_conflict(visit, request, served, server, setting, rules);
    return served;
  }
  served.accepted = opened.session.key;
  answer(request, Scheme::None, Shows::Page, opened.cookie_value, server, setting, rules);
  return served;
}

void flush_last_seen(Server& server, const Setting& setting, const Rules& rules) {
  core::LastSeen last_seen;
  for (const auto& [key, at] : server.seen) {
    last_seen.note(key, core::Session{}, setting.site.limits, at);
  }
  server.seen.clear();
  const std::unique_ptr<core::SessionStore> store = rules.around(server.store);
  static_cast<void>(*last_seen.flush(*store));
}

}  // namespace epoch::model
