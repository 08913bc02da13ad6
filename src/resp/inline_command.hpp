// SPDX-License-Identifier: MIT
// Inline commands: what one may type into a plain connection to Redis instead of an array of bulks.
//
// Rules of the server
// (https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands): arguments stand
// apart by white space; "..." knows \n \r \t \b \a \xHH and takes any other escaped byte as itself;
// '...' knows only \'; a quote may open inside an argument, but closes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::resp {

/// Splits one line, given without its end. Nothing: a quote is not closed, or its end is not
/// followed by white space. An empty list: the line is blank. Precondition: no zero byte in `line`.
[[nodiscard]] std::optional<std::vector<std::string>> split_inline(std::string_view line);

}  // namespace drover::resp
