// SPDX-License-Identifier: MIT
#include "prompts/agents_section.hpp"

namespace drover::prompts {
namespace {

constexpr std::string_view begin_mark = "<!-- drover:begin (renewed by `drover init ai`) -->";
constexpr std::string_view begin_of_mark = "<!-- drover:begin";
constexpr std::string_view end_mark = "<!-- drover:end -->";

}  // namespace

std::string with_section(std::string_view file, std::string_view section) {
  std::string marked_section{begin_mark};
  marked_section += "\n\n" + std::string{section};
  if (!section.ends_with('\n')) marked_section += '\n';
  marked_section += '\n' + std::string{end_mark} + '\n';

  const std::size_t begin = file.find(begin_of_mark);
  const std::size_t end = begin == file.npos ? file.npos : file.find(end_mark, begin);
  if (end != file.npos) {
    std::string_view rest = file.substr(end + end_mark.size());
    if (rest.starts_with('\n')) rest.remove_prefix(1);
    return std::string{file.substr(0, begin)} + marked_section + std::string{rest};
  }
  std::string result{file};
  if (!result.empty() && !result.ends_with('\n')) result += '\n';
  if (!result.empty()) result += '\n';
  return result + marked_section;
}

}  // namespace drover::prompts
