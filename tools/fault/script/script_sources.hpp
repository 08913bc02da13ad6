// SPDX-License-Identifier: MIT
// Reads the faults of the command line: each typed there, or in a file.
#pragma once

#include <string>
#include <vector>

#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

/// An option that gives faults, such as --fault or --script, as typed.
struct script_source {
  bool is_file = false;
  /// The fault, or the name of the file; "-" is standard input.
  std::string text;
  /// The name of the option, for messages.
  std::string option;
};

/// All faults, in order; at least one. Throws text::usage_error, which names the option or file,
/// the line, the column and the remedy.
[[nodiscard]] std::vector<fault_spec> read_sources(const std::vector<script_source>& sources);

}  // namespace drover::faults
