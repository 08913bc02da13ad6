// SPDX-License-Identifier: MIT
// Inline commands: the form of a request that people type into a plain connection to Redis.
//
// Rules of the server
// (https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands): white space
// separates arguments; "..." supports \n \r \t \b \a \xHH, and any other escaped byte stands for
// itself; '...' supports only \'; a quote may begin inside an argument, but its end must end the
// argument.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::resp {

/// Splits one line, without its line end. nullopt: a quote is not closed, or no white space follows
/// its end. An empty list: the line is blank. Precondition: no zero byte in `line`.
[[nodiscard]] std::optional<std::vector<std::string>> split_inline(std::string_view line);

}  // namespace drover::resp
