// SPDX-License-Identifier: MIT
// Whether a statement asks the database for anything, by how it begins. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::audit {

/// How much of a statement has to be known.
inline constexpr std::size_t sql_head_max = 160;

/// False for what only minds the session: BEGIN, COMMIT, SET, SHOW, ..., an empty statement, and
/// `SELECT 1`, by which pools ask whether a connection lives. `head`: the statement, or the first
/// `sql_head_max` bytes of it.
[[nodiscard]] bool asks_for_data(std::string_view head) noexcept;

}  // namespace drover::audit
