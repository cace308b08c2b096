// Sessions as people and programs read them: entries of a page, and JSON.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/session.h"
#include "web/page.h"

namespace epoch::web {

// One session. None of it needs escaping beforehand.
struct SessionEntry {
  std::string id;  // the public one
  bool current = false;
  std::string address;
  std::string user_agent;
  core::TimePoint signed_in{};
  core::TimePoint last_seen{};
  core::TimePoint expires{};
};

// The values that templates show of one session. Refers to the entry, and is referred to by its
// values.
class SessionWords {
 public:
  explicit SessionWords(const SessionEntry& entry);

  [[nodiscard]] std::vector<Value> values() const;

 private:
  const SessionEntry& entry_;
  std::string browser_;
  bool is_unknown_ = false;
  std::string signed_in_;
  std::string last_seen_;
  std::string signed_in_text_;
  std::string last_seen_text_;
};

// What an entry's button sends, and where.
struct SessionForm {
  std::string_view action;  // path of the page
  std::string_view token;
};

// The entries one after the other, from the template `session-entry`.
std::string session_entries(const PageTemplates& templates, std::span<const SessionEntry> entries,
                            const SessionForm& form);

// A JSON object.
std::string session_json(const SessionEntry& entry);

}  // namespace epoch::web
