// SPDX-License-Identifier: MIT
// Finds the descendants of a process in /proc.
#pragma once

#include <sys/types.h>

#include <vector>

namespace drover::process {

/// The children of a process, their children and so on. A descendant whose parent has ended is not
/// found, because the kernel gives it another parent. Blocks while it reads /proc. Threads: any.
[[nodiscard]] std::vector<pid_t> descendants_of(pid_t process);

}  // namespace drover::process
