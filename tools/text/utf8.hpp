// SPDX-License-Identifier: MIT
// Text that came from elsewhere: which of its bytes are characters. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::text {

/// The length of the well-formed UTF-8 sequence that `text` begins with: 1 to 4; 0 if it begins
/// with something else or is empty. No surrogates, no overlong forms, nothing beyond U+10FFFF.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// Of one well-formed character: a control, one without width or that ends a line, one that turns
/// the direction of the text around it, or U+FFFE and U+FFFF, which are none. Shown as it is, it
/// would hide, or change what stands beside it.
[[nodiscard]] bool is_unseen(std::string_view character);

}  // namespace drover::text
