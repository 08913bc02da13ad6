// SPDX-License-Identifier: MIT
// A process and those that it has started, as /proc tells.
#pragma once

#include <sys/types.h>

#include <vector>

namespace drover::process {

/// Children, their children and so on, at this moment; those whose parent has ended before are
/// somebody else's by then. Blocks while it reads /proc. Threads: any.
[[nodiscard]] std::vector<pid_t> descendants_of(pid_t process);

}  // namespace drover::process
