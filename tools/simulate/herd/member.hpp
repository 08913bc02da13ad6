// SPDX-License-Identifier: MIT
// One process of the herd: its callers, and in the first one also who fills the cache and who
// changes rows or watches for the end of a value. Started by `herd`.
#pragma once

#include <span>
#include <string>

namespace drover::simulate {

/// `arguments`: the number of the process, then the run's plan as `to_arguments` writes it. The
/// shared_run_state is the inherited descriptor `child_process::descriptor_inside`. Answers the process's exit
/// code; errors go to the shared_run_state.
[[nodiscard]] int run_member(std::span<const std::string> arguments);

}  // namespace drover::simulate
