// SPDX-License-Identifier: MIT
#include "fault/script/script_sources.hpp"

#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "fault/plan/spec_parser.hpp"
#include "text/read_file_or_stdin.hpp"
#include "text/usage_error.hpp"
#include "text/words.hpp"

namespace drover::faults {
namespace {

constexpr std::size_t source_shown_max = 200;
constexpr const char* list_hint = " (--list-faults lists all kinds and settings)";

std::string shown(const std::string& text) { return text::visible(text, source_shown_max); }

std::vector<fault_spec> specs_of(const script_source& source) {
  if (!source.is_file) {
    auto parsed = parse_line(source.text);
    const std::string name = source.option + " '" + shown(source.text) + "'";
    if (const auto* error = std::get_if<spec_error>(&parsed)) {
      throw text::usage_error{name + ": column " + std::to_string(error->column) + ": " +
                              error->text + list_hint};
    }
    auto& spec = std::get<std::optional<fault_spec>>(parsed);
    if (!spec) throw text::usage_error{name + ": there is no fault in it" + list_hint};
    return {*std::move(spec)};
  }
  auto parsed = parse_script(text::read_file_or_stdin(source.text));
  if (const auto* broken = std::get_if<script_error>(&parsed)) {
    throw text::usage_error{
        source.option + " " + shown(source.text) + ": line " + std::to_string(broken->line) +
        ", column " + std::to_string(broken->error.column) + ": " + broken->error.text + list_hint};
  }
  return std::get<std::vector<fault_spec>>(std::move(parsed));
}

}  // namespace

std::vector<fault_spec> read_sources(const std::vector<script_source>& sources) {
  std::vector<fault_spec> all;
  for (const script_source& source : sources) {
    std::vector<fault_spec> specs = specs_of(source);
    std::move(specs.begin(), specs.end(), std::back_inserter(all));
  }
  if (all.empty()) {
    throw text::usage_error{"no fault is given; use --fault 'KIND ...' or a file of faults" +
                            std::string{list_hint}};
  }
  if (all.size() > specs_max) {
    throw text::usage_error{"more than 1000 faults are given; remove some"};
  }
  return all;
}

}  // namespace drover::faults
