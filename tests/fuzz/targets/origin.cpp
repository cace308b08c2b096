// Origins, as AuthEpochOrigin, Origin and Referer spell them.
#include "core/origin.h"

#include "property.h"

namespace epoch::fuzz {
namespace {

void spelling(std::string_view text) {
  const std::optional<std::string> origin = core::parse_origin(text);
  if (!origin) return;
  require(core::parse_origin(*origin) == origin, "an origin has one spelling");
  require(origin->find_first_of("@\\?#%\"<>;, ") == std::string::npos,
          "it holds nothing but scheme, host and port");
  require(!holds_control(*origin), "it holds no control characters");
  require(core::is_https(*origin) || origin->starts_with("http://"), "it is of http or https");
  const std::string_view host = core::authority_of(*origin);
  require(!host.empty() && host.find('/') == std::string_view::npos, "it has a host and no path");
  for (const char* after : {"/", "/a?b#c", "?x", "#@elsewhere.example", "/@elsewhere.example"}) {
    require(core::origin_of_url(*origin + after) == origin, "a URL of an origin is of that origin");
  }
  require(
      core::origin_of_url("https://" + std::string(host) + "@elsewhere.example/") == std::nullopt,
      "userinfo is taken for no host");
}

// Whatever is told to be a URL's origin stands at its beginning.
void referring(std::string_view url) {
  const std::optional<std::string> origin = core::origin_of_url(url);
  if (!origin) return;
  const std::size_t scheme_end = url.find("://") + 3;
  const std::string_view authority =
      url.substr(scheme_end, url.find_first_of("/?#", scheme_end) - scheme_end);
  require(authority.find_first_of("@\\ \t\r\n") == std::string_view::npos,
          "nothing stands before or behind the host");
  std::string host(core::authority_of(*origin));
  std::string seen(authority);
  std::transform(seen.begin(), seen.end(), seen.begin(), core::ascii_lower);
  require(seen.starts_with(host.substr(0, host.rfind(':'))) || seen.starts_with(host),
          "the host is the URL's");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  const std::string_view text = fuzz::text_of_input(bytes, size);
  fuzz::spelling(text);
  fuzz::spelling("https://" + std::string(text));
  fuzz::referring(text);
  return 0;
}
