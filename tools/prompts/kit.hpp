// SPDX-License-Identifier: MIT
// The prompt kit's texts, embedded from tools/prompts/kit/ and examples/. The code in them is
// the file that tests run: the auditor's tests for Python and Node, those of the examples for C++.
#pragma once

#include <string_view>

namespace drover::prompts {

/// The twelve rules, as Markdown with a heading.
extern const std::string_view rules;
/// The prompt to implement a cache.
extern const std::string_view write;
/// The prompt to review code.
extern const std::string_view review;
/// The beginning of the prompt to fix findings.
extern const std::string_view fix;
extern const std::string_view skill;
extern const std::string_view python_reference;  ///< {code} is replaced by the example
extern const std::string_view python_code;
extern const std::string_view node_reference;
extern const std::string_view node_code;
extern const std::string_view cpp_reference;
extern const std::string_view cpp_code;

}  // namespace drover::prompts
