// Templates of pages (AuthEpochPage): whatever they hold, a value that is put in stays text.
#include <array>

#include "property.h"
#include "web/template.h"

namespace epoch::fuzz {
namespace {

constexpr std::array<std::string_view, 4> kNames{"realm", "user", "a", "nonce"};

std::size_t count(std::string_view text, char wanted) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), wanted));
}

std::string rendered(const web::Template& page, std::string_view text) {
  std::array<web::Value, kNames.size()> values;
  std::transform(kNames.begin(), kNames.end(), values.begin(),
                 [&](std::string_view name) { return web::Value{.name = name, .text = text}; });
  return page.render(values);
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  const std::string_view text = fuzz::text_of_input(bytes, size);
  const core::Result<web::Template> page = web::Template::parse(text, fuzz::kNames);
  if (!page) {
    fuzz::require(page.error().code == core::ErrorCode::Malformed, "a bad template is wrong");
    fuzz::require(page.error().detail.starts_with("line "), "and the line is named");
    return 0;
  }
  const std::string html = fuzz::rendered(*page, "<'\">&{{user}}");
  for (const char mark : {'<', '>', '"', '\''}) {
    fuzz::require(fuzz::count(html, mark) <= fuzz::count(text, mark), "a value adds no markup");
  }
  const std::string empty = fuzz::rendered(*page, "");
  fuzz::require(empty == page->render({}), "a value that is not given is empty");
  fuzz::require(empty.size() <= text.size(), "without values nothing is added");
  if (text.find("{{") == std::string_view::npos) {
    fuzz::require(html == text, "without placeholders a template is itself");
  }
  return 0;
}
