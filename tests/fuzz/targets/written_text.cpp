// What users and browsers say, written into HTML, URLs, JSON and the audit log.
#include <array>
#include <nlohmann/json.hpp>

#include "property.h"
#include "web/audit_line.h"
#include "web/escape.h"
#include "web/page.h"

namespace epoch::fuzz {
namespace {

using Json = nlohmann::json;

Json parsed(std::string_view text) { return Json::parse(text, nullptr, false); }

// Invalid sequences are where the reader's two ways of treating them differ.
bool is_utf8(std::string_view text) {
  const Json value = std::string(text);
  const auto dumped = [&](Json::error_handler_t handler) {
    return value.dump(-1, ' ', false, handler);
  };
  return dumped(Json::error_handler_t::ignore) == dumped(Json::error_handler_t::replace);
}

void json(std::string_view text, std::size_t longest) {
  const std::string whole = web::json_string(text);
  const Json read = parsed(whole);
  require(read.is_string(), "a JSON string is one to other readers");
  require(!holds_control(whole), "it is one line");
  require(!is_utf8(text) || read.get<std::string>() == text, "it says what it was made from");
  const std::string cut = web::json_string(text, longest);
  require(cut.size() <= longest && parsed(cut).is_string(), "a shorter one is short, and is one");
  require(whole.size() > longest || cut == whole, "what is short enough is not cut");
}

void html(std::string_view text) {
  const std::string escaped = web::html_escaped(text);
  require(escaped.find_first_of("<>\"'") == std::string::npos, "text becomes no markup");
  const std::string encoded = web::percent_encoded(text);
  require(encoded.find_first_of("<>\"'&=?#/\\ ;+") == std::string::npos && !holds_control(encoded),
          "a value ends no URL");
  std::string decoded;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      decoded += encoded[i];
      continue;
    }
    decoded += static_cast<char>(std::stoi(encoded.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  require(decoded == text, "and is read as it was");
}

void audit_line(FuzzedDataProvider& input) {
  std::array<std::string, 14> texts;
  for (std::string& text : texts) text = input.ConsumeRandomLengthString(1500);
  const web::AuditLine line{.time = std::chrono::sys_time<std::chrono::milliseconds>(
                                std::chrono::milliseconds(input.ConsumeIntegral<std::uint32_t>())),
                            .event = texts[0],
                            .reason = texts[1],
                            .initiator = texts[2],
                            .scope = texts[3],
                            .actor = texts[4],
                            .reason_admin = texts[5],
                            .user = texts[6],
                            .account = texts[7],
                            .zone = texts[8],
                            .session = texts[9],
                            .address = texts[10],
                            .user_agent = texts[11],
                            .request_id = texts[12],
                            .node = texts[13]};
  const std::string written = web::to_json(line);
  require(written.size() <= web::kLongestAuditLine, "a pipe takes a line of the log whole");
  require(written.find('\n') == written.size() - 1, "an event is one line");
  const Json read = parsed(written);
  require(read.is_object(), "a line is a JSON object");
  const auto said = std::count_if(texts.begin(), texts.end(),
                                  [](const std::string& text) { return !text.empty(); });
  require(read.size() == static_cast<std::size_t>(said) + 1, "with a time and all that was said");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  FuzzedDataProvider input(bytes, size);
  const auto longest = input.ConsumeIntegralInRange<std::size_t>(5, 60);
  const std::string_view text = fuzz::text_of_input(bytes, size);
  fuzz::json(text, longest);
  fuzz::html(text);
  fuzz::audit_line(input);
  const std::string problem = web::problem_json(403, text, text);
  fuzz::require(fuzz::parsed(problem)["status"] == 403, "a problem is JSON whatever is said of it");
  return 0;
}
