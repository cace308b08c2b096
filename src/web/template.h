// HTML templates: text with placeholders.
//
//   {{name}}              the value, HTML-escaped
//   {{#name}}...{{/name}} only where the value is not empty
//   {{^name}}...{{/name}} only where it is
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace epoch::web {

enum class Trust {
  Untrusted,  // escaped when it is put in
  Markup,     // our own style sheet or script, put in as it is
};

struct Value {
  std::string_view name;
  std::string_view text;
  Trust trust = Trust::Untrusted;
};

// A parsed template. Immutable and without references to the text it was made from.
class Template {
 public:
  // Malformed: a placeholder that is not among the known names or never closed, or a section that
  // is not closed or not open. The detail names the line and what is accepted.
  static core::Result<Template> parse(std::string_view text,
                                      std::span<const std::string_view> known_names);

  // A known name without a value counts as empty.
  [[nodiscard]] std::string render(std::span<const Value> values) const;

 private:
  friend class TemplateParser;

  enum class Kind { Text, Value, IfSet, IfEmpty, End };
  struct Piece {
    Kind kind;
    std::string text;     // of a Text; the name, for the others
    std::size_t end = 0;  // of a section: the index of its End
  };
  std::vector<Piece> pieces_;
};

}  // namespace epoch::web
