// SPDX-License-Identifier: MIT
// The file of a baseline. Blocks while it reads. Threads: any.
#pragma once

#include <filesystem>

#include "audit/report/baseline.hpp"

namespace drover::audit {

/// Throws text::usage_error that names the file and what is wrong with it.
[[nodiscard]] baseline read_baseline(const std::filesystem::path& file);

}  // namespace drover::audit
