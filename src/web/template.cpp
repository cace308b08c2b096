#include "web/template.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "web/escape.h"

namespace epoch::web {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

std::string braced(std::string_view inside) {
  return std::string(kOpen).append(inside).append(kClose);
}

const Value* find_value(std::span<const Value> values, std::string_view name) noexcept {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const Value& value) { return value.name == name; });
  return found == values.end() ? nullptr : &*found;
}

}  // namespace

// Reads a template from front to back, keeping count of lines and open sections.
class TemplateParser {
 public:
  TemplateParser(std::string_view text, std::span<const std::string_view> known_names)
      : rest_(text), known_names_(known_names) {}

  core::Result<Template> parse() {
    while (!rest_.empty()) {
      const std::size_t open = rest_.find(kOpen);
      take_text(rest_.substr(0, open));
      if (rest_.empty()) break;
      if (std::optional<core::Error> error = take_placeholder()) return *std::move(error);
    }
    if (!open_sections_.empty()) {
      const OpenSection& section = open_sections_.back();
      return malformed(section.line, "the section " + braced("#" + name_of(section)) +
                                         " is never closed; close it with " +
                                         braced("/" + name_of(section)));
    }
    return std::move(template_);
  }

 private:
  using Kind = Template::Kind;

  struct OpenSection {
    std::size_t piece;
    std::size_t line;
  };

  void take_text(std::string_view text) {
    if (text.empty()) return;
    line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    template_.pieces_.push_back({Kind::Text, std::string(text)});
    rest_.remove_prefix(text.size());
  }

  std::optional<core::Error> take_placeholder() {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    const std::size_t close = line.find(kClose);
    if (close == std::string_view::npos) {
      return malformed(line_, "a placeholder begins with {{ and has no }} on the same line");
    }
    std::string_view name = line.substr(kOpen.size(), close - kOpen.size());
    rest_.remove_prefix(close + kClose.size());
    const std::string_view whole = name;
    const Kind kind = cut_kind(name);
    if (std::find(known_names_.begin(), known_names_.end(), name) == known_names_.end()) {
      return malformed(line_, braced(whole) + " is not known in this page; known are " + known());
    }
    if (kind == Kind::End) return close_section(name);
    if (kind != Kind::Value) open_sections_.push_back({template_.pieces_.size(), line_});
    template_.pieces_.push_back({kind, std::string(name)});
    return std::nullopt;
  }

  static Kind cut_kind(std::string_view& name) noexcept {
    if (name.empty()) return Kind::Value;
    const char sign = name.front();
    if (sign != '#' && sign != '^' && sign != '/') return Kind::Value;
    name.remove_prefix(1);
    if (sign == '/') return Kind::End;
    return sign == '#' ? Kind::IfSet : Kind::IfEmpty;
  }

  std::optional<core::Error> close_section(std::string_view name) {
    if (open_sections_.empty() || name_of(open_sections_.back()) != name) {
      return malformed(line_, braced("/" + std::string(name)) +
                                  " closes a section that is not the last one opened");
    }
    template_.pieces_[open_sections_.back().piece].end = template_.pieces_.size();
    template_.pieces_.push_back({Kind::End, std::string(name)});
    open_sections_.pop_back();
    return std::nullopt;
  }

  [[nodiscard]] const std::string& name_of(const OpenSection& section) const {
    return template_.pieces_[section.piece].text;
  }

  [[nodiscard]] std::string known() const {
    std::string list;
    for (const std::string_view name : known_names_) {
      if (!list.empty()) list += ", ";
      list += braced(name);
    }
    return list;
  }

  static core::Error malformed(std::size_t line, const std::string& what) {
    return {core::ErrorCode::Malformed, "line " + std::to_string(line) + ": " + what};
  }

  std::string_view rest_;
  std::span<const std::string_view> known_names_;
  std::size_t line_ = 1;
  std::vector<OpenSection> open_sections_;
  Template template_;
};

core::Result<Template> Template::parse(std::string_view text,
                                       std::span<const std::string_view> known_names) {
  return TemplateParser(text, known_names).parse();
}

std::string Template::render(std::span<const Value> values) const {
  std::string html;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.kind == Kind::Text) {
      html += piece.text;
      continue;
    }
    const Value* value = find_value(values, piece.text);
    const bool empty = value == nullptr || value->text.empty();
    if (piece.kind == Kind::Value && !empty) {
      html += value->trust == Trust::Markup ? std::string(value->text) : html_escaped(value->text);
    } else if ((piece.kind == Kind::IfSet && empty) || (piece.kind == Kind::IfEmpty && !empty)) {
      i = piece.end;
    }
  }
  return html;
}

}  // namespace epoch::web
