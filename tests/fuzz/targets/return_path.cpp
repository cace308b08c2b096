// The return path never leads off this origin, read as browsers read it (WHATWG URL) and as often
// decoded as a careless reader might.
#include "core/return_path.h"

#include "property.h"

namespace epoch::fuzz {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = core::ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// As lenient readers do: what is no percent sequence stays.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool sequence =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (!sequence) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

// Whether a browser on https://here takes the reference for a path of https://here. It strips
// spaces and control characters around it, tabs and line ends within, and reads \ as /.
bool leads_here(std::string_view reference) {
  std::string seen;
  for (const char c : reference) {
    if (c != '\t' && c != '\n' && c != '\r') seen += c == '\\' ? '/' : c;
  }
  const std::size_t start =
      std::min(static_cast<std::size_t>(
                   std::find_if(seen.begin(), seen.end(),
                                [](char c) { return static_cast<unsigned char>(c) > 0x20; }) -
                   seen.begin()),
               seen.size());
  const std::string_view view = std::string_view(seen).substr(start);
  return view.starts_with('/') && !view.starts_with("//");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  const std::optional<std::string> path = core::safe_return_path(fuzz::text_of_input(bytes, size));
  if (!path) return 0;
  for (const char c : *path) {
    fuzz::require(c > ' ' && c < 0x7f, "a Location holds visible ASCII alone");
    fuzz::require(c != '"' && c != '<' && c != '>' && c != '\\', "and nothing that ends a link");
  }
  std::string view = *path;
  for (int pass = 0; pass < 3; ++pass, view = fuzz::decoded(view)) {
    fuzz::require(fuzz::leads_here(view), "it leads to this origin, decoded or not");
    fuzz::require(!fuzz::holds_control(view), "it never holds a line's end");
  }
  constexpr std::size_t kLongest = 2048;
  fuzz::require(path->size() > kLongest || core::safe_return_path(*path) == path,
                "what was accepted once is accepted as it is");
  return 0;
}
