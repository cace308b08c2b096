// What the configuration check knows of a section: our directives and the ones of others that
// decide whether ours can work.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "httpd/module.h"

namespace epoch::httpd {

struct DirConfig;

// Ours all begin with kHandlerPrefix.
inline constexpr std::string_view kHandlerPrefix = "auth-epoch-";
inline constexpr std::string_view kLogoutHandler = "auth-epoch-logout";
inline constexpr std::string_view kSessionsHandler = "auth-epoch-sessions";
inline constexpr std::string_view kStatusHandler = "auth-epoch-status";
inline constexpr std::string_view kAdminHandler = "auth-epoch-admin";
inline constexpr std::string_view kMetricsHandler = "auth-epoch-metrics";

enum class SectionKind { Server, Location, Directory, Other };

// What `Require` asks for, as far as its kind says: nobody's name (`all granted`), or perhaps
// nobody's, or somebody's.
enum class Requirement { None, Open, NoLogin, Login };

struct Section {
  SectionKind kind = SectionKind::Server;
  std::string name;   // `<Location "/app">`, or "the server's own configuration"
  std::string path;   // of Location and Directory; empty where it is a pattern
  std::string where;  // file:line
  const DirConfig* config = nullptr;
  std::optional<std::string> auth_type;
  std::optional<std::string> auth_name;
  std::optional<std::string> handler;
  Requirement requirement = Requirement::None;
  bool basic_fake = false;
  bool fake_basic_auth = false;
};

// The section that a directive stands in, registered with its virtual host on first use. nullptr in
// an .htaccess file, which is read per request and checked when it is used.
Section* section_of(cmd_parms* cmd, void* dir);

bool in_htaccess(const cmd_parms* cmd) noexcept;

}  // namespace epoch::httpd
