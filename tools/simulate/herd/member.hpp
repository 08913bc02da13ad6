// SPDX-License-Identifier: MIT
// One process of the herd: its callers. The first process also fills the cache, and changes rows or
// watches for the end of a value. `herd` starts it.
#pragma once

#include <span>
#include <string>

namespace drover::simulate {

/// `arguments`: the number of the process, then the run's plan as `to_arguments` writes it. The
/// shared run state is the inherited descriptor `child_process::descriptor_inside`. Returns the
/// exit code of the process; errors go to the shared run state.
[[nodiscard]] int run_member(std::span<const std::string> arguments);

}  // namespace drover::simulate
