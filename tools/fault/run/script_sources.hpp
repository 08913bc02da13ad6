// SPDX-License-Identifier: MIT
// Reads the faults of --fault and --script.
#pragma once

#include <vector>

#include "fault/plan/fault_spec.hpp"
#include "fault/run/fault_options.hpp"

namespace drover::faults {

/// All faults, in order; at least one. Throws text::usage_error, which names the option or file,
/// the line, the column and the remedy.
[[nodiscard]] std::vector<fault_spec> read_sources(const std::vector<script_source>& sources);

}  // namespace drover::faults
