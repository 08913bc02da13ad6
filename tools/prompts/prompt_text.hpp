// SPDX-License-Identifier: MIT
// The prompts, whole: to have a cache written, reviewed, or mended after an audit. Pure.
#pragma once

#include <drover/result.hpp>

#include <string>
#include <string_view>

namespace drover::prompts {

[[nodiscard]] std::string write_prompt();
[[nodiscard]] std::string review_prompt();

/// From what `drover audit --format json` wrote. Findings that the baseline accepts are left out.
/// The fault says what is wrong with the text and how to get a right one.
[[nodiscard]] result<std::string> fix_prompt(std::string_view audit_json);

}  // namespace drover::prompts
