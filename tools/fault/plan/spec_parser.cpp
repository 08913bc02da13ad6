// SPDX-License-Identifier: MIT
#include "fault/plan/spec_parser.hpp"

#include <algorithm>
#include <utility>

#include "base/printing.hpp"
#include "fault/plan/fault_kinds.hpp"
#include "fault/plan/spec_settings.hpp"

namespace drover::faults {
namespace {

constexpr std::size_t shown_max = 60;
constexpr int mean_multiple = 10;

std::string in_quotes(std::string_view text) {
  return '\'' + base::printable(text, shown_max) + '\'';
}

std::string settings_of(fault_kind kind) {
  std::string names;
  for (const setting& candidate : all_settings()) {
    if (!candidate.is_for(kind)) continue;
    names += (names.empty() ? "" : ", ") + std::string{candidate.name};
  }
  return names;
}

class line_parser {
 public:
  explicit line_parser(const std::vector<spec_word>& words) : words_{words} {}

  parsed_line parse() {
    read_kind();
    for (std::size_t i = 1; i < words_.size() && !error_; ++i) read_setting(i);
    if (!error_) check();
    if (error_) return *std::move(error_);
    return std::move(spec_);
  }

 private:
  void fail(std::size_t column, std::string text) { error_ = {column, std::move(text)}; }

  void read_kind() {
    const spec_word& word = words_.front();
    const auto kind = kind_named(word.name);
    if (!kind || word.has_value) {
      return fail(word.column,
                  in_quotes(word.name) + " is no kind of fault; begin with " + names_of_kinds());
    }
    spec_.kind = *kind;
    spec_.is_executed = spec_.kind != fault_kind::error && spec_.kind != fault_kind::reset &&
                        spec_.kind != fault_kind::half_open;
  }

  void read_setting(std::size_t index) {
    const spec_word& word = words_[index];
    const auto known = std::ranges::find(all_settings(), word.name, &setting::name);
    if (known == all_settings().end() || !known->is_for(spec_.kind)) {
      return fail(word.column, std::string{name_of(spec_.kind)} + " has no setting " +
                                   in_quotes(word.name) + "; it has " + settings_of(spec_.kind));
    }
    if (has(word.name, index)) {
      return fail(word.column, in_quotes(word.name) + " is set twice; remove one of them");
    }
    if (!word.has_value || !known->apply(spec_, word.value)) {
      const std::string typed = word.has_value ? word.name + '=' + word.value : word.name;
      return fail(word.column, in_quotes(typed) + ": " + word.name + "= must be followed by " +
                                   std::string{known->form});
    }
  }

  /// Whether one of the first `count` words sets it.
  [[nodiscard]] bool has(std::string_view name, std::size_t count) const {
    return std::any_of(words_.begin() + 1, words_.begin() + static_cast<std::ptrdiff_t>(count),
                       [&](const spec_word& word) { return word.name == name; });
  }
  [[nodiscard]] bool has(std::string_view name) const { return has(name, words_.size()); }

  /// Which settings need or exclude one another.
  void check() {
    const std::size_t column = words_.front().column;
    if (spec_.period && (!spec_.length || *spec_.period <= *spec_.length)) {
      return fail(column, "period= needs for= with a shorter time, such as for=2s period=10s");
    }
    switch (spec_.kind) {
      case fault_kind::delay: return check_delay(column);
      case fault_kind::error:
        if (has("code") != has("text")) return;
        return fail(column, "error needs code=CODE or text=\"ERROR\", and not both");
      case fault_kind::down:
        if (spec_.length) return;
        return fail(column, "down needs a length; add for=TIME, such as for=2s");
      default: return;
    }
  }

  void check_delay(std::size_t column) {
    if (has("time") + has("mean") + has("until") != 1) {
      return fail(column,
                  "delay needs time=TIME, time=MIN..MAX, mean=TIME or until=end, and only one");
    }
    if (has("until") && !spec_.length) {
      return fail(column, "until=end needs a window; add for=TIME, such as for=2s");
    }
    if (has("max") && !has("mean")) {
      return fail(column, "max= belongs to mean=; write time=MIN..MAX for a range");
    }
    delay_distribution& delay = spec_.delay;
    if (has("mean") && !has("max")) delay.high = mean_multiple * delay.mean;
    if (delay.high < delay.mean) fail(column, "max= is less than mean=; raise max");
  }

  const std::vector<spec_word>& words_;
  fault_spec spec_;
  std::optional<spec_error> error_;
};

std::string_view without_blanks(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace

parsed_line parse_line(std::string_view line) {
  if (line.size() > spec_bytes_max) {
    return spec_error{spec_bytes_max + 1, "the fault is longer than 4096 bytes; shorten it"};
  }
  const auto split = split_words(line);
  if (const auto* error = std::get_if<spec_error>(&split)) return *error;
  const auto& words = std::get<std::vector<spec_word>>(split);
  if (words.empty()) return std::nullopt;
  parsed_line parsed = line_parser{words}.parse();
  if (auto* spec = std::get_if<std::optional<fault_spec>>(&parsed)) {
    (*spec)->text = without_blanks(line);
  }
  return parsed;
}

std::variant<std::vector<fault_spec>, script_error> parse_script(std::string_view text) {
  std::vector<fault_spec> specs;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    auto parsed = parse_line(line);
    if (auto* error = std::get_if<spec_error>(&parsed)) {
      return script_error{number, std::move(*error)};
    }
    auto& spec = std::get<std::optional<fault_spec>>(parsed);
    if (!spec) continue;
    if (specs.size() == specs_max) {
      return script_error{number, {1, "a script has at most 1000 faults; remove some"}};
    }
    specs.push_back(*std::move(spec));
  }
  return specs;
}

}  // namespace drover::faults
