// SPDX-License-Identifier: MIT
// Looks through somebody's sources for the lines that build the keys of an audit's findings.
//
// Skips what is no source of theirs: hidden folders, node_modules, vendor, virtual environments,
// what was built; links, binary and big files. Bounded in files and bytes, in a fixed order.
// Blocks while it reads. Threads: any.
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

/// Throws text::usage_error when there is no such folder: to be asked before anything is started.
void check_sources(const std::filesystem::path& folder);

/// Paths are as `folder` was typed where that is relative and inside the working folder, else
/// relative to it. Throws text::usage_error when there is no such folder.
[[nodiscard]] located locate(const audit_result& of, const std::filesystem::path& folder,
                             const locate_limits& limits = {});

}  // namespace drover::audit
