// SPDX-License-Identifier: MIT
// `drover advise`: reads a recording and writes advice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace drover::audit {

enum class advice_format : std::uint8_t { text, json };

struct advise_options {
  std::filesystem::path recording;
  struct report {
    advice_format format = advice_format::text;
    /// nullopt: standard output.
    std::optional<std::filesystem::path> out;
  };
  std::vector<report> reports;
};

/// Returns the exit code. Throws text::usage_error for a file that is no recording.
int run_advise(const advise_options& options);

}  // namespace drover::audit
