// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace drover::text {

/// All of a file, or of standard input for "-". Throws `usage_error` naming what cannot be read, or
/// is larger than 256 MiB.
[[nodiscard]] std::string read_file_or_stdin(const std::string& file);

}  // namespace drover::text
