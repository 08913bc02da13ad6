// SPDX-License-Identifier: MIT
#include "audit/run/log_pattern.hpp"

#include <utility>

namespace drover::audit {

plain_pattern without_names(std::string_view pattern) {
  plain_pattern plain;
  std::size_t groups = 0;
  bool in_class = false;
  while (!pattern.empty()) {
    if (pattern[0] == '\\' && pattern.size() > 1) {
      plain.text += pattern.substr(0, 2);
      pattern.remove_prefix(2);
      continue;
    }
    if (pattern[0] == '[') in_class = true;
    if (pattern[0] == ']') in_class = false;
    if (pattern[0] != '(' || in_class) {
      plain.text += pattern[0];
      pattern.remove_prefix(1);
      continue;
    }
    const std::size_t prefix_length = pattern.starts_with("(?P<")  ? 4
                                      : pattern.starts_with("(?<") ? 3
                                                                   : 0;
    const std::size_t end = prefix_length > 0 ? pattern.find('>') : std::string_view::npos;
    const bool is_look_behind =
        prefix_length == 3 && pattern.size() > 3 && (pattern[3] == '=' || pattern[3] == '!');
    const bool is_named = end != std::string_view::npos && !is_look_behind;
    const bool is_counted = is_named || !pattern.starts_with("(?");
    if (is_counted) ++groups;
    if (is_named && pattern.substr(prefix_length, end - prefix_length) == "key")
      plain.key_group = groups;
    plain.text += is_named ? std::string_view{"("} : pattern.substr(0, 1);
    pattern.remove_prefix(is_named ? end + 1 : 1);
  }
  if (plain.key_group == 0 && groups > 0) plain.key_group = 1;
  return plain;
}

result<log_pattern> log_pattern::compile(std::string_view pattern) {
  const plain_pattern plain = without_names(pattern);
  try {
    return log_pattern{std::regex{plain.text, std::regex::ECMAScript | std::regex::optimize},
                       plain.key_group};
  } catch (const std::regex_error& error) {
    return fault{fault_code::unsupported,
                 "invalid regular expression: " + std::string{pattern} + " (" + error.what() + ")"};
  }
}

std::optional<std::string> log_pattern::key_in(std::string_view line) const {
  line = line.substr(0, line_max);
  std::match_results<std::string_view::const_iterator> match;
  try {
    if (!std::regex_search(line.begin(), line.end(), match, compiled_)) return std::nullopt;
  } catch (const std::regex_error&) {
    return std::nullopt;  // too complex for this line
  }
  return key_group_ > 0 ? match[key_group_].str() : std::string{};
}

}  // namespace drover::audit
