// SPDX-License-Identifier: MIT
// Inspects HTML pages and SVG pictures: lists their tags, and counts occurrences of a text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drover::test {

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

/// The names of all tags outside scripts and styles.
inline std::vector<std::string> tags_of(std::string_view page) {
  std::vector<std::string> tags;
  for (std::size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at)) {
    const std::size_t end = page.find_first_of(" >\n", at);
    tags.emplace_back(page.substr(at, end - at));
    const bool is_raw = tags.back() == "<script" || tags.back() == "<style";
    at = is_raw ? page.find(tags.back() == "<script" ? "</script" : "</style", at) : end;
  }
  return tags;
}

}  // namespace drover::test
