// SPDX-License-Identifier: MIT
// The memory of one schedule. While a schedule runs, operator new takes memory from a region at a
// fixed address, so that a schedule allocates at the same addresses every time, and so that the
// memory of a killed process can be dropped as a whole. Each block knows its owner: the memory that
// a process has left when it ends is a leak.
//
// Threads: one. Blocks that were allocated elsewhere are freed as usual.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace drover::world::arena {

using owner_number = std::uint32_t;
/// The harness itself. Processes count from 1.
inline constexpr owner_number harness = 0;
inline constexpr owner_number owners_max = 64;

/// Drops all blocks of the region, and allocates from it until `end`.
void begin() noexcept;
void end() noexcept;

/// The owner of blocks that are allocated from now on. Returns the former one.
owner_number set_owner(owner_number owner) noexcept;
/// The number of blocks of `owner` that are not freed.
[[nodiscard]] std::int64_t blocks_of(owner_number owner) noexcept;
/// Writes the sizes of the blocks of `owner` that are not freed to `out`.
void print_blocks_of(owner_number owner, std::FILE* out) noexcept;

/// Allocates for `owner` in its scope.
class on_account_of {
 public:
  explicit on_account_of(owner_number owner) noexcept : before_{set_owner(owner)} {}
  ~on_account_of() { set_owner(before_); }
  on_account_of(const on_account_of&) = delete;
  on_account_of& operator=(const on_account_of&) = delete;

 private:
  owner_number before_;
};

}  // namespace drover::world::arena
