#include "httpd/form.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_script.h>

#include <string_view>

#include "core/text.h"
#include "httpd/answers.h"

namespace epoch::httpd {
namespace {

constexpr apr_size_t kLongestForm = 8192;
constexpr apr_size_t kMostFields = 16;

std::string value_of(const ap_form_pair_t& pair) {
  apr_off_t length = 0;
  apr_brigade_length(pair.value, 1, &length);
  std::string value(static_cast<std::size_t>(length), '\0');
  auto size = static_cast<apr_size_t>(length);
  apr_brigade_flatten(pair.value, value.data(), &size);
  value.resize(size);
  return value;
}

// httpd would discard a body of another type without a word, and `scope=all` with it.
bool has_body_of_another_type(const request_rec* r) {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  const char* length = apr_table_get(r->headers_in, "Content-Length");
  const bool has_body = apr_table_get(r->headers_in, "Transfer-Encoding") != nullptr ||
                        (length != nullptr && std::string_view(length) != "0");
  const char* type = apr_table_get(r->headers_in, "Content-Type");
  std::string_view name = type == nullptr ? "" : type;
  return has_body && !core::equals_ignoring_case(core::next_piece(name, ';'), kForm);
}

}  // namespace

Fields read_query(request_rec* r) {
  apr_table_t* query = nullptr;
  ap_args_to_table(r, &query);
  Fields fields;
  const auto add = [](void* raw, const char* name, const char* value) {
    static_cast<Fields*>(raw)->emplace(name, value);
    return 1;
  };
  apr_table_do(add, &fields, query, nullptr);
  return fields;
}

int read_form(request_rec* r, Fields& fields) {
  if (has_body_of_another_type(r)) {
    return send_problem(r, HTTP_UNSUPPORTED_MEDIA_TYPE, "Nothing was done",
                        "Send the parameters as a form (application/x-www-form-urlencoded).");
  }
  apr_array_header_t* pairs = nullptr;
  const int status = ap_parse_form_data(r, nullptr, &pairs, kMostFields, kLongestForm);
  if (status != OK || pairs == nullptr) return status;
  // From the last to the first, so that the first of each name stays.
  while (ap_form_pair_t* const pair = static_cast<ap_form_pair_t*>(apr_array_pop(pairs))) {
    fields[pair->name] = value_of(*pair);
  }
  return OK;
}

const std::string* find_field(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? nullptr : &found->second;
}

}  // namespace epoch::httpd
