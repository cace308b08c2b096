// What the handler auth-epoch-admin shows: everybody's sessions, and the question before any ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/session_list.h"

namespace epoch::web {

// What the page says about the action that led to it.
enum class AdminStatus {
  Nothing,
  SessionEnded,
  UserEnded,
  ZoneEnded,
  EverythingEnded,
  WasOver,    // the session that was named had ended already, or the store has forgotten it
  OutOfDate,  // the form was not of a page of this session: nothing was done
};

struct AdminEntry {
  std::string user;
  std::string zone;
  SessionEntry session;
};

// What was searched for, as it was typed.
struct AdminSearch {
  std::string_view user;
  std::string_view zone;
  std::string_view address;
  std::string_view hours;
};

// nonce and realm as in page.h.
struct AdminValues {
  std::string_view nonce;
  std::string_view realm;
  std::string_view return_path;
  std::vector<AdminEntry> entries;
  SessionForm form;
  AdminSearch search;
  std::string_view next;  // where the next page begins, in base64url; empty after the last
  bool first = true;      // nothing stands before these
  AdminStatus status = AdminStatus::Nothing;
};

Page admin_page(const PageTemplates& templates, const AdminValues& values);
std::string admin_json(const AdminValues& values);

// What is about to end.
enum class AdminReach { Session, User, Zone, Everything };

struct AdminConfirmValues {
  std::string_view nonce;
  std::string_view realm;
  SessionForm form;
  AdminReach reach;
  const AdminEntry* entry;  // of Session and User; else nullptr
  std::string_view zone;    // of Zone
  bool spares_own = false;  // it would end the administrator's own session: may be kept
  bool no_reason = false;   // none was given
};

Page admin_confirm(const PageTemplates& templates, const AdminConfirmValues& values);

}  // namespace epoch::web
