// SPDX-License-Identifier: MIT
// A regular expression that finds loads in lines of a log, and the key in them.
#pragma once

#include <drover/result.hpp>

#include <cstddef>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace drover::audit {

/// A pattern in which no group has a name any more, and which of the groups is the key: the one
/// that was named `key`, else the first; 0: there is none. Pure.
struct plain_pattern {
  std::string text;
  std::size_t key_group = 0;
};
[[nodiscard]] plain_pattern without_names(std::string_view pattern);

class log_pattern {
 public:
  /// A fault says why `pattern` is no regular expression.
  [[nodiscard]] static result<log_pattern> compile(std::string_view pattern);

  /// The key, "" if the pattern has no group for it; nothing: the line tells of no load. Only the
  /// first `line_max` bytes are looked at.
  [[nodiscard]] std::optional<std::string> key_in(std::string_view line) const;
  static constexpr std::size_t line_max = 4096;

 private:
  log_pattern(std::regex compiled, std::size_t key_group)
      : compiled_{std::move(compiled)}, key_group_{key_group} {}

  std::regex compiled_;
  std::size_t key_group_;
};

}  // namespace drover::audit
