// SPDX-License-Identifier: MIT
// Searches source files for the lines that build the keys of an audit's findings.
//
// Skips hidden folders, node_modules, vendor, virtual environments, build folders, links, binary
// and large files. The number of files and bytes is limited, and the order is fixed. Blocks while
// it reads. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "audit/engine/audit_result.hpp"
#include "audit/report/located.hpp"

namespace drover::audit {

struct locate_limits {
  std::size_t files_max = 20'000;
  std::uintmax_t file_bytes_max = 1'000'000;
  std::uintmax_t bytes_max = 256'000'000;
};

/// Throws text::usage_error if there is no such folder. Call it before anything is started.
void check_sources(const std::filesystem::path& folder);

/// Paths begin with `folder` as typed if that is a relative path inside the working folder.
/// Otherwise they are relative to `folder`. Throws text::usage_error if there is no such folder.
[[nodiscard]] located locate(const audit_result& result, const std::filesystem::path& folder,
                             const locate_limits& limits = {});

}  // namespace drover::audit
