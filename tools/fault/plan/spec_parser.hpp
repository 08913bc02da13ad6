// SPDX-License-Identifier: MIT
// Reads fault scripts. Pure.
//
// A script has one fault in each line: KIND [NAME=VALUE ...]. Empty lines and comments (#) are
// allowed. `docs/how-to/test-with-faults.md` describes the kinds and settings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fault/plan/fault_spec.hpp"
#include "fault/plan/spec_words.hpp"

namespace drover::faults {

inline constexpr std::size_t spec_bytes_max = 4096;
inline constexpr std::size_t specs_max = 1000;

/// nullopt: the line contains no fault.
using parsed_line = std::variant<std::optional<fault_spec>, spec_error>;

[[nodiscard]] parsed_line parse_line(std::string_view line);

struct script_error {
  /// Counted from 1.
  std::size_t line = 1;
  spec_error error;
};

/// At most `specs_max` faults. Lines may end in \r\n.
[[nodiscard]] std::variant<std::vector<fault_spec>, script_error> parse_script(
    std::string_view text);

}  // namespace drover::faults
