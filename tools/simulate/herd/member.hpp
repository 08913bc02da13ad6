// SPDX-License-Identifier: MIT
// One process of the herd, with its callers. The first process also fills the cache, and either
// changes rows or watches for the end of a value's ttl. `herd` starts the processes.
#pragma once

#include <span>
#include <string>

namespace drover::simulate {

/// Runs the process and returns its exit code. `arguments` holds the number of the process, then
/// the run plan as `to_arguments` writes it. The shared run state is the inherited descriptor
/// `child_process::descriptor_inside`. Errors go to the shared run state.
[[nodiscard]] int run_member(std::span<const std::string> arguments);

}  // namespace drover::simulate
