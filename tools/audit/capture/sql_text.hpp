// SPDX-License-Identifier: MIT
// Decides by the beginning of an SQL statement whether it needs data of the database. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace drover::audit {

/// The bytes of a statement that are examined.
inline constexpr std::size_t sql_head_max = 160;

/// False for statements that only manage the session: BEGIN, COMMIT, SET, SHOW, SELECT @@..., an
/// empty statement, and the `SELECT 1` with which connection pools check a connection. `head`: the
/// statement, or its first `sql_head_max` bytes.
[[nodiscard]] bool asks_for_data(std::string_view head) noexcept;

}  // namespace drover::audit
