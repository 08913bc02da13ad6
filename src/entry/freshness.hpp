// SPDX-License-Identifier: MIT
// What an entry's age means, by the times in the entry and the server's clock; the reader's own
// policy has no say in it.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "entry/envelope.hpp"

namespace drover::entry {

/// Which entries a reader may treat as fresh.
struct trust {
  /// Entries stored earlier may come from a snapshot that the server loaded when it started.
  server_time stored_from{server_time::min()};
  bool nothing_is_fresh = false;  ///< the server is a replica
};

enum class freshness : std::uint8_t { fresh, stale, expired };

/// value: fresh before `until`, stale before `until + grace`, then expired. absent: no grace.
/// The other kinds: fresh before `until` (the lease, the pause or the marker runs), then expired.
/// A moment equal to `until` is past it. A value expired by hand is never fresh, even if our
/// estimate of the server's clock is behind. An entry that `trusted` excludes is never fresh: it is
/// stale if it is a value with grace, and expired otherwise.
[[nodiscard]] freshness freshness_of(const envelope& head, server_time now,
                                     const trust& trusted = {}) noexcept;

/// The moment from which a value can no longer be served, not even as stale.
[[nodiscard]] server_time servable_until(const envelope& head) noexcept;

/// How old the value is: since its load began, never negative.
[[nodiscard]] milliseconds age_of(const envelope& head, server_time now) noexcept;

/// The times a fill carries.
struct lifetime {
  milliseconds fresh{};  ///< from the store on; the load's own time is already taken off
  milliseconds grace{};
  milliseconds key_ttl{};  ///< of the Redis key
};

struct lifetime_inputs {
  milliseconds ttl{};
  milliseconds grace{};
  milliseconds lease_ttl{};
  microseconds load_time{};
  double ttl_jitter = 0.0;  ///< in [0, 1)
  double unit = 1.0;        ///< a draw from (0, 1]
};

/// fresh = max(ttl * jittered - load time, min(ttl, 50 ms)); jitter only ever shortens.
/// key_ttl = fresh + max(grace, 2 * lease_ttl + 4 * load time). Each length of time that goes in is
/// taken as at least 0 and at most 100 years, so nothing overflows, here or in a script.
[[nodiscard]] lifetime lifetime_of(const lifetime_inputs& in) noexcept;

inline constexpr milliseconds default_failure_pause_max{5000};

/// clamp(load time, 50 ms, 1 s) * 2^(attempt - 1), at most `pause_max`, then +-20 % by `unit`.
/// attempt counts from 1. A `pause_max` of zero: no pause.
[[nodiscard]] milliseconds failure_pause(microseconds load_time, std::uint32_t attempt, double unit,
                                         milliseconds pause_max) noexcept;

/// The longest possible `failure_pause`: no reader waits longer, whatever is stored.
[[nodiscard]] milliseconds longest_failure_pause(milliseconds pause_max) noexcept;

/// When the pause of a failed entry ends for a reader with this `pause_max`.
[[nodiscard]] server_time pause_end_of(const envelope& failed, milliseconds pause_max) noexcept;

}  // namespace drover::entry
