#include "httpd/section.h"

#include <httpd.h>

#include <util_cfgtree.h>

#include <algorithm>

#include "core/text.h"
#include "httpd/config.h"

namespace epoch::httpd {
namespace {

SectionKind kind_of(std::string_view directive) {
  if (core::equals_ignoring_case(directive, "<Location")) return SectionKind::Location;
  if (core::equals_ignoring_case(directive, "<Directory")) return SectionKind::Directory;
  return SectionKind::Other;
}

bool is_virtual_host(const ap_directive_t* container) {
  return core::equals_ignoring_case(container->directive, "<VirtualHost");
}

// <RequireAny> and its kind group Require lines within a section; they have no configuration of
// their own.
bool is_require_group(const ap_directive_t* container) {
  return std::string_view(container->directive).starts_with("<Require");
}

const ap_directive_t* container_of(const cmd_parms* cmd) {
  const ap_directive_t* container = cmd->directive == nullptr ? nullptr : cmd->directive->parent;
  while (container != nullptr && is_require_group(container)) container = container->parent;
  return container == nullptr || is_virtual_host(container) ? nullptr : container;
}

// The path of `<Location "/app">`; empty for patterns, which say `~` or hold wildcards.
std::string path_in(std::string_view arguments) {
  if (arguments.ends_with('>')) arguments.remove_suffix(1);
  arguments = core::trimmed(arguments);
  if (arguments.size() >= 2 && (arguments.front() == '"' || arguments.front() == '\'')) {
    arguments = arguments.substr(1, arguments.size() - 2);
  }
  return arguments.find_first_of("~*?[") == std::string_view::npos ? std::string(arguments) : "";
}

}  // namespace

bool in_htaccess(const cmd_parms* cmd) noexcept { return cmd->pool == cmd->temp_pool; }

Section* section_of(cmd_parms* cmd, void* dir) {
  if (in_htaccess(cmd)) return nullptr;
  std::vector<Section>& sections = server_config_of(cmd->server).sections;
  const auto* config = static_cast<const DirConfig*>(dir);
  const auto known = std::find_if(sections.begin(), sections.end(),
                                  [&](const Section& s) { return s.config == config; });
  if (known != sections.end()) return &*known;

  Section section;
  section.config = config;
  section.name = "the server's own configuration";
  if (const ap_directive_t* container = container_of(cmd)) {
    section.kind = kind_of(container->directive);
    section.name = std::string(container->directive) + " " + container->args;
    if (!section.name.ends_with('>')) section.name += ">";
    if (section.kind != SectionKind::Other) section.path = path_in(container->args);
  }
  if (cmd->directive != nullptr && cmd->directive->filename != nullptr) {
    section.where =
        std::string(cmd->directive->filename) + ":" + std::to_string(cmd->directive->line_num);
  }
  sections.push_back(std::move(section));
  return &sections.back();
}

}  // namespace epoch::httpd
