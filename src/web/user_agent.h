// What a User-Agent header field says, in a person's words. For telling one's own sessions apart,
// and nothing else: it is what the client claims.
#pragma once

#include <string>
#include <string_view>

namespace epoch::web {

struct UserAgent {
  std::string_view browser;  // "Firefox", or the program's name; empty where it is not known
  std::string_view system;   // "Linux"; empty where it is not known
  bool is_program = false;   // curl, git and the like
};

// The views are valid for ever.
UserAgent read_user_agent(std::string_view field) noexcept;

// "Firefox on Linux", "A program: curl", "Unknown browser".
std::string in_words(const UserAgent& agent);

}  // namespace epoch::web
