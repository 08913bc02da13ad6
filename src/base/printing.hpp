// SPDX-License-Identifier: MIT
// Makes bytes safe to print, for logs and messages with keys and texts from servers, which are not
// trusted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drover::base {

/// `bytes` as printable ASCII, with the escapes \n \r \t \\ \" and \xNN. The result has at most
/// `max` bytes; a longer text is cut and ends in "...".
[[nodiscard]] std::string escape(std::string_view bytes, std::size_t max);

/// As `escape`, but keeps backslashes and quotes: for bytes that should already be escaped but come
/// from an untrusted source.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t max);

}  // namespace drover::base
