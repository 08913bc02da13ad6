// SPDX-License-Identifier: MIT
// The origin as an SQLite file, whose own trace hook tells of every query that it runs. Nobody's
// belief is counted.
//
// A query sleeps in an SQL function. The file is in WAL mode: any number of queries runs at once,
// each sees the row as it was when it began, and changes are committed meanwhile.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "origins/origin.hpp"

namespace drover::simulate {

/// What addresses of this origin begin with.
inline constexpr std::string_view sqlite_scheme = "sqlite:";

/// Makes the file in `folder`. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin_owner> make_sqlite_origin(const std::filesystem::path& folder);

/// See `open_origin`.
[[nodiscard]] std::unique_ptr<origin> open_sqlite_origin(const std::filesystem::path& file,
                                                         query_log& log, unsigned connections);

}  // namespace drover::simulate
