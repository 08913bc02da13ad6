// SPDX-License-Identifier: MIT
// Numbers as they are typed for options. Pure. Each throws `usage_error` that names the option,
// what was typed, and what can be given.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::text {

/// The parts between commas, none of them empty: "a,b" is two. Throws for "a,,b".
[[nodiscard]] std::vector<std::string> typed_list(const std::string& option, std::string_view text);

[[nodiscard]] std::uint64_t typed_number(const std::string& option, std::string_view text,
                                         std::uint64_t least, std::uint64_t most);

/// "500ms", "2s", "5m", "1h"; a bare number is seconds.
[[nodiscard]] std::chrono::milliseconds typed_time(const std::string& option, std::string_view text,
                                                   std::chrono::milliseconds least,
                                                   std::chrono::milliseconds most);

}  // namespace drover::text
