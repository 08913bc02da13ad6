// SPDX-License-Identifier: MIT
// Selects a share of the keys by a hash of their names. A value, its lock and its metadata are
// selected together, because only the part of the name that they have in common is hashed: the ids
// ("42" of "user:42", "lock:user:42" and "user:42:meta"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::audit {

/// A share of the keys is a number of keys per million.
inline constexpr std::uint32_t all_keys = 1'000'000;

/// The part of the name that a key has in common with its lock and its metadata: the words with
/// digits, apart from versions. If there is none: all words that do not name a lock or metadata.
/// Only the hash tag of Redis Cluster counts if it contains an id.
void set_common_part(std::string_view name, std::string& into);

/// The place of a key on a scale from 0 to 2^32 - 1, by the hash of the common part. `name` is the
/// key as it appears in records. It is the same in each run, except for hidden names.
[[nodiscard]] std::uint32_t place_of(std::string_view name, bool is_hidden);

/// Whether a share includes the key at this place. A smaller share is a part of each larger one.
[[nodiscard]] constexpr bool in_share(std::uint32_t place, std::uint32_t per_million) noexcept {
  return (std::uint64_t{place} * all_keys >> 32U) < per_million;
}

}  // namespace drover::audit
