// The files of src/web/pages, as the build puts them into the program.
#pragma once

#include <span>
#include <string_view>

namespace epoch::web {

struct EmbeddedFile {
  std::string_view name;  // "style.css"
  std::string_view content;
};

// Defined in a file that the build generates.
std::span<const EmbeddedFile> embedded_files();

}  // namespace epoch::web
