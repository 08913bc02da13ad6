// SPDX-License-Identifier: MIT
// A regular expression that matches the log lines of loads and extracts the key.
#pragma once

#include <drover/result.hpp>

#include <cstddef>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace drover::audit {

/// A pattern without the names of its groups. `key_group` is the number of the group for the key:
/// the group named `key`, otherwise the first group. 0: there is no group. Pure.
struct plain_pattern {
  std::string text;
  std::size_t key_group = 0;
};
[[nodiscard]] plain_pattern without_names(std::string_view pattern);

class log_pattern {
 public:
  /// The fault describes the error in `pattern`.
  [[nodiscard]] static result<log_pattern> compile(std::string_view pattern);

  /// The key, or "" if the pattern has no group. nullopt: the line does not match. Only the first
  /// `line_max` bytes are examined.
  [[nodiscard]] std::optional<std::string> key_in(std::string_view line) const;
  static constexpr std::size_t line_max = 4096;

 private:
  log_pattern(std::regex compiled, std::size_t key_group)
      : compiled_{std::move(compiled)}, key_group_{key_group} {}

  std::regex compiled_;
  std::size_t key_group_;
};

}  // namespace drover::audit
