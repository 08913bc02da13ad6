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

/// As `escape`, but a backslash or a quote stays as it is: for bytes that should be printable or
/// escaped already, and may be a stranger's.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t max);

}  // namespace drover::base
