// SPDX-License-Identifier: MIT
// Texts broken into lines, for the pages made from tables.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drover::audit {

inline constexpr std::size_t page_columns = 110;

/// `text` broken between words; all lines but the first begin with `indent`.
[[nodiscard]] std::string wrapped(std::string_view text, std::string_view indent = "",
                                  std::size_t columns = page_columns);

}  // namespace drover::audit
