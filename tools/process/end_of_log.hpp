// SPDX-License-Identifier: MIT
// The end of a program's log, for error messages.
#pragma once

#include <filesystem>
#include <string>

namespace drover::process {

/// "; its log ends:\n...", or an empty string if the file is empty or missing.
[[nodiscard]] std::string end_of_log(const std::filesystem::path& log);

}  // namespace drover::process
