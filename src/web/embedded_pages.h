// The files of src/web/pages, as the build puts them into the program.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace epoch::web {

struct EmbeddedFile {
  std::string_view name;  // "style.css"
  std::string_view content;
};

// Defined in a file that the build generates.
std::span<const EmbeddedFile> embedded_files();

// Empty where there is no such file.
inline std::string_view embedded_file(std::string_view name) {
  const std::span<const EmbeddedFile> files = embedded_files();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const EmbeddedFile& file) { return file.name == name; });
  return found == files.end() ? std::string_view() : found->content;
}

}  // namespace epoch::web
