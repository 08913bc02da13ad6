// SPDX-License-Identifier: MIT
// The end of a program's log, for a message that says why it failed.
#pragma once

#include <filesystem>
#include <string>

namespace drover::process {

/// "; its log ends:\n..."; empty when there is nothing in the file.
[[nodiscard]] std::string end_of_log(const std::filesystem::path& log);

}  // namespace drover::process
