// SPDX-License-Identifier: MIT
// Parses numbers and lists on the command line. All functions throw `usage_error`, which names the
// option, the invalid value and the valid values. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::text {

/// The parts between commas: "a,b" has two. Throws for an empty part, as in "a,,b".
[[nodiscard]] std::vector<std::string> typed_list(const std::string& option, std::string_view text);

[[nodiscard]] std::uint64_t typed_number(const std::string& option, std::string_view text,
                                         std::uint64_t least, std::uint64_t most);

/// "500ms", "2s", "5m", "1h"; a bare number is seconds.
[[nodiscard]] std::chrono::milliseconds typed_time(const std::string& option, std::string_view text,
                                                   std::chrono::milliseconds least,
                                                   std::chrono::milliseconds most);

}  // namespace drover::text
