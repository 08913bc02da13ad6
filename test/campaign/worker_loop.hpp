// SPDX-License-Identifier: MIT
// The work of one worker process.
#pragma once

#include "campaign/worker_plan.hpp"

namespace drover::campaign {

/// Reads, writes and invalidates keys until the driver stops it. Returns the exit status.
int run_worker(const worker_plan& plan);

}  // namespace drover::campaign
