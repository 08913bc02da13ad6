// SPDX-License-Identifier: MIT
// A section of ours in somebody else's file: between two marks, so that it can be found and renewed
// and nothing else is touched. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drover::prompts {

/// `file` with `section` between the marks: in place of what stood there, else behind all else.
[[nodiscard]] std::string with_section(std::string_view file, std::string_view section);

}  // namespace drover::prompts
