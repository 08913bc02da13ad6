// SPDX-License-Identifier: MIT
// The complete prompts: to implement a cache, to review code, and to fix the findings of an audit.
// Pure.
#pragma once

#include <drover/result.hpp>

#include <string>
#include <string_view>

namespace drover::prompts {

[[nodiscard]] std::string write_prompt();
[[nodiscard]] std::string review_prompt();

/// Makes the prompt from the output of `drover audit --format json`. Findings that the baseline
/// accepts are left out. The fault describes the error and how to get a valid report.
[[nodiscard]] result<std::string> fix_prompt(std::string_view audit_json);

}  // namespace drover::prompts
