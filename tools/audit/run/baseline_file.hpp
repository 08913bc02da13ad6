// SPDX-License-Identifier: MIT
// Reads a baseline from a file. Blocks while it reads. Threads: any.
#pragma once

#include <filesystem>

#include "audit/report/baseline.hpp"

namespace drover::audit {

/// Throws text::usage_error, which names the file and the error.
[[nodiscard]] baseline read_baseline(const std::filesystem::path& file);

}  // namespace drover::audit
