// SPDX-License-Identifier: MIT
// What of a reply is compared when not all of it can be: see redis_model_comparison.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace drover::test {

/// The lines of a text, without their ends; blank ones are left out.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);
/// "name:value" among the lines of INFO. Empty: there is none.
[[nodiscard]] std::string field_of(std::string_view info, std::string_view name);
/// The time that a reply to TIME or INFO server tells.
[[nodiscard]] std::optional<microseconds> time_in(std::string_view reply);
/// Whether the bytes are equal, apart from what is masked.
[[nodiscard]] bool are_alike(std::string_view real, std::string_view model);

}  // namespace drover::test
