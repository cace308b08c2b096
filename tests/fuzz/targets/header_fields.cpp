// The header fields that tell what kind of request it is, and what the client would read.
#include <array>

#include "core/request_traits.h"
#include "property.h"
#include "web/accept.h"
#include "web/user_agent.h"

namespace epoch::fuzz {
namespace {

constexpr std::array kMethods{"GET", "HEAD", "POST", "DELETE", "get", ""};

void traits(FuzzedDataProvider& input) {
  const std::string method = input.PickValueInArray(kMethods);
  std::array<std::string, 6> texts;
  for (std::string& text : texts) text = input.ConsumeRandomLengthString(24);
  const core::RequestFields fields{.method = method,
                                   .sec_fetch_site = texts[0],
                                   .sec_fetch_mode = texts[1],
                                   .sec_fetch_dest = texts[2],
                                   .sec_purpose = texts[3],
                                   .x_requested_with = texts[4],
                                   .auth_epoch = texts[5],
                                   .has_origin = input.ConsumeBool(),
                                   .origin_is_ours = input.ConsumeBool(),
                                   .referer_is_ours = input.ConsumeBool()};
  const core::RequestTraits told = core::traits_of(fields);
  require(!(told.script && told.navigation), "nothing is a script's and a navigation");
  require(!told.framed || told.navigation, "only navigations are of frames");
  require(told.cross_site + told.same_origin + told.typed <= 1, "a request has one beginning");
  require(!told.same_origin || fields.sec_fetch_site.empty() ||
              core::equals_ignoring_case(fields.sec_fetch_site, "same-origin"),
          "what the browser says of itself goes before Origin and Referer");
  require(!told.cross_site || fields.sec_fetch_site.empty() ||
              core::equals_ignoring_case(fields.sec_fetch_site, "cross-site"),
          "and so it does of other sites");
  require(told.get == (method == "GET" || method == "HEAD"), "methods are told by their letters");
}

void reading(std::string_view field) {
  std::string lower(field);
  std::transform(lower.begin(), lower.end(), lower.begin(), core::ascii_lower);
  require(!web::prefers_json(field) || lower.find("application/json") != std::string::npos,
          "JSON is for who asks for it by name");
  require(!web::prefers_json("text/html," + std::string(field)),
          "HTML that is named first is read");
  const web::UserAgent agent = web::read_user_agent(field);
  require(!is_part_of(agent.browser, field) || agent.browser.empty(),
          "what is said of a client is said in our words");
  require(!holds_control(web::in_words(agent)), "and without its control characters");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider input(bytes, size);
  epoch::fuzz::traits(input);
  epoch::fuzz::reading(input.ConsumeRemainingBytesAsString());
  return 0;
}
