// SPDX-License-Identifier: MIT
// A recording judged as if it happened now.
#pragma once

#include <filesystem>
#include <string>

#include "audit/capture/capture.hpp"

namespace drover::audit {

/// Hands all records of the file, which may be compressed by gzip, to `sink`. Answers what people
/// should know of it, as that it breaks off; empty if nothing. Throws text::usage_error when it
/// cannot be opened or is no recording.
[[nodiscard]] std::string replay(const std::filesystem::path& file, record_sink& sink);

}  // namespace drover::audit
