// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace drover::text {

/// Reads a whole file, or standard input for "-". Throws `usage_error`, which names the file, if
/// the file cannot be read or is larger than 256 MiB.
[[nodiscard]] std::string read_file_or_stdin(const std::string& file);

}  // namespace drover::text
