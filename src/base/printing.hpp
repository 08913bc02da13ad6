// SPDX-License-Identifier: MIT
// Bytes made safe to print: for logs and messages, where keys and server texts are strangers'
// words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drover::base {

/// `bytes` as printable ASCII: \n \r \t \\ \" and \xNN stand for what is not. The result has at
/// most `max` bytes; if not all fits, it ends in "...".
[[nodiscard]] std::string escape(std::string_view bytes, std::size_t max);

}  // namespace drover::base
