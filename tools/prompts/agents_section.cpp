// SPDX-License-Identifier: MIT
#include "prompts/agents_section.hpp"

namespace drover::prompts {
namespace {

constexpr std::string_view begin_mark = "<!-- drover:begin (renewed by `drover init ai`) -->";
constexpr std::string_view begin_of_mark = "<!-- drover:begin";
constexpr std::string_view end_mark = "<!-- drover:end -->";

}  // namespace

std::string with_section(std::string_view file, std::string_view section) {
  std::string ours{begin_mark};
  ours += "\n\n" + std::string{section};
  if (!section.ends_with('\n')) ours += '\n';
  ours += '\n' + std::string{end_mark} + '\n';

  const std::size_t begin = file.find(begin_of_mark);
  const std::size_t end = begin == file.npos ? file.npos : file.find(end_mark, begin);
  if (end != file.npos) {
    std::string_view behind = file.substr(end + end_mark.size());
    if (behind.starts_with('\n')) behind.remove_prefix(1);
    return std::string{file.substr(0, begin)} + ours + std::string{behind};
  }
  std::string made{file};
  if (!made.empty() && !made.ends_with('\n')) made += '\n';
  if (!made.empty()) made += '\n';
  return made + ours;
}

}  // namespace drover::prompts
