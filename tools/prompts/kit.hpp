// SPDX-License-Identifier: MIT
// The prompt kit's texts, compiled in from tools/prompts/kit/ and examples/. The code in them is
// the file that tests run: the auditor's tests for Python and Node, those of the examples for C++.
#pragma once

#include <string_view>

namespace drover::prompts {

extern const std::string_view rules;   ///< the twelve, as Markdown with a heading
extern const std::string_view write;   ///< the prompt to have a cache written
extern const std::string_view review;  ///< the prompt to have code reviewed
extern const std::string_view fix;     ///< the head of the prompt to have findings mended
extern const std::string_view skill;
extern const std::string_view python_reference;  ///< {code} stands for the example
extern const std::string_view python_code;
extern const std::string_view node_reference;
extern const std::string_view node_code;
extern const std::string_view cpp_reference;
extern const std::string_view cpp_code;

}  // namespace drover::prompts
