// A request for a page of ours that shows sessions: admitted as a session itself.
#pragma once

#include <httpd.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/own_sessions.h"
#include "httpd/exchange.h"
#include "httpd/form.h"
#include "httpd/process.h"
#include "web/session_list.h"

namespace epoch::httpd {

// A request that was admitted as a session.
struct Visit {
  request_rec* r;
  const DirConfig& config;
  Child& child;
  Decided& decided;
  std::string path;  // of the page
  bool json;

  [[nodiscard]] const core::NamedSession& session() const { return *decided.examined.session; }
  [[nodiscard]] const core::Hash256& root() const { return *decided.examined.session_root; }
};

// What a request for such a page must be before anything else: within a zone, no part of another
// page, GET or POST. OK, or what the handler returns. `page` names it in the log.
int check_visit(request_rec* r, const char* page);

// nullopt where the request was let in without a session, or as another's. After check_visit().
std::optional<Visit> visit_of(request_rec* r);

bool wants_json(const request_rec* r);

// Where the list begins that is asked for; what cannot be read is the first page.
std::optional<core::Position> position_of(request_rec* r);

// Reads the form of a POST, which must come from a page of this site. OK, or what the handler
// returns; `origin` says whether its token is right.
int read_own_form(const Visit& visit, Fields& fields, core::FormOrigin& origin);

// A session as the pages show it.
web::SessionEntry entry_of(const core::NamedSession& named, const Visit& visit);

// `what` was done: JSON, or back to the page, which says so.
int answer_done(const Visit& visit, const std::string& what);

// The session that was named had ended already, or never was one that may be ended here.
int answer_over(const Visit& visit);

// Tells the log, once, that the store cannot be asked, or can be again.
void note_answer(const Visit& visit, StoreUse use, const std::string& error);

template <typename T>
bool store_answered(const Visit& visit, const core::Result<T>& result,
                    StoreUse use = StoreUse::Reading) {
  note_answer(visit, use, result ? std::string() : result.error().detail);
  return result.ok();
}

}  // namespace epoch::httpd
