// SPDX-License-Identifier: MIT
// What other programs may store under the keys of the library.
//
// Threads: one.
#pragma once

#include "world/play/universe.hpp"

namespace drover::world {

/// The row that a fault concerns.
[[nodiscard]] row row_of(const universe& in, const planned_fault& fault);

/// The begin of the values that other programs store.
inline constexpr std::string_view foreign_value = "foreign";

/// A value that is longer than the smallest `reply_max`.
void store_long_entry(universe& in, row of);
/// A failure that asks for a pause of an hour, with a text that is not for people.
void store_failed_entry(universe& in, row of);
/// Another damaged entry now and then, until `end`.
void keep_damaged(universe& in, row of, virtual_time end);

}  // namespace drover::world
