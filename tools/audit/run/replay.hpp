// SPDX-License-Identifier: MIT
// Replays a recording.
#pragma once

#include <filesystem>
#include <string>

#include "audit/capture/capture.hpp"

namespace drover::audit {

/// Passes all records of the file to `sink`. The file may be compressed with gzip. Returns a
/// message if the file is truncated, otherwise an empty string. Throws text::usage_error if it
/// cannot be opened or is not a recording; the message begins with `option`.
[[nodiscard]] std::string replay(const std::filesystem::path& file, record_sink& sink,
                                 const std::string& option = "--replay ");

}  // namespace drover::audit
