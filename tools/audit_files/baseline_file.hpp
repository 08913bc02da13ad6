// SPDX-License-Identifier: MIT
// The file of a baseline. Blocks while it reads. Threads: any.
#pragma once

#include <filesystem>

#include "audit_reports/baseline.hpp"

namespace drover::audit {

/// Throws cli::usage_error that names the file and what is wrong with it.
[[nodiscard]] baseline read_baseline(const std::filesystem::path& file);

}  // namespace drover::audit
