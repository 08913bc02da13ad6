// SPDX-License-Identifier: MIT
// `drover demo`: a hot key expires under a herd, with each strategy in turn.
#pragma once

#include "simulate/demo_options.hpp"

namespace drover::simulate {

/// Runs it; results go to standard output, progress to standard error. Answers the exit code. All
/// that it starts is stopped and removed before it returns or throws.
///
/// Throws:  `cli::usage_error` before anything is started, std::runtime_error, `interrupted`.
/// Threads: the main thread of a process that has no other.
[[nodiscard]] int run_demo(const demo_options& asked);

}  // namespace drover::simulate
