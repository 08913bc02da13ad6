// SPDX-License-Identifier: MIT
// Finds UTF-8 characters in untrusted text. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::text {

/// The length of the UTF-8 character at the beginning of `text`, from 1 to 4 bytes. 0 if the text
/// is empty or does not begin with a character. Surrogates, overlong forms and values beyond
/// U+10FFFF are not characters.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// Whether a well-formed character is invisible or changes the text around it: control characters,
/// zero-width characters, line separators, direction controls, U+FFFE and U+FFFF.
[[nodiscard]] bool is_unseen(std::string_view character);

}  // namespace drover::text
