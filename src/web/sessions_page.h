// What the handler auth-epoch-sessions shows: a person's own sessions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/session_list.h"

namespace epoch::web {

// What the page says about the action that led to it.
enum class SessionsStatus {
  Nothing,
  Ended,        // the session that was named
  OthersEnded,  // all but this one
  WasOver,      // the session that was named had ended already, or never was one's own
  OutOfDate,    // the form was not of a page of this session: nothing was done
  NoSession,    // the request belongs to none, so that there is nothing to show
};

// nonce and realm as in page.h.
struct SessionsValues {
  std::string_view nonce;
  std::string_view realm;
  std::string_view user;
  std::string_view return_path;
  std::vector<SessionEntry> entries;
  SessionForm form;
  std::string_view next;  // where the next page begins, in base64url; empty after the last
  bool first = true;      // nothing stands before these
  SessionsStatus status = SessionsStatus::Nothing;
};

Page sessions_page(const PageTemplates& templates, const SessionsValues& values);

std::string sessions_json(const SessionsValues& values);

}  // namespace epoch::web
