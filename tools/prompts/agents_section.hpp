// SPDX-License-Identifier: MIT
// A section in a file of the user. Two marks enclose it, so that it can be updated without changes
// to the rest of the file. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drover::prompts {

/// `file` with `section` between the marks. Replaces an older section, or is appended to the file.
[[nodiscard]] std::string with_section(std::string_view file, std::string_view section);

}  // namespace drover::prompts
