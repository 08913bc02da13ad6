// SPDX-License-Identifier: MIT
// Decides the freshness of an entry by the times in the entry and the server's clock. The policy of
// the reader has no influence.
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

/// A value is fresh before `until`, stale before `until + grace`, then expired. An absent entry has
/// no grace. Entries of the other kinds are fresh before `until` (the lease, the pause or the
/// marker runs), then expired. The time `until` itself counts as past. A value that `expire` made
/// stale is never fresh, even if the estimate of the server's clock is behind. An entry that
/// `trusted` excludes is never fresh: it is stale if it is a value with grace, and expired
/// otherwise.
[[nodiscard]] freshness freshness_of(const envelope& head, server_time now,
                                     const trust& trusted = {}) noexcept;

/// The time from which a value can no longer be served, not even as stale.
[[nodiscard]] server_time servable_until(const envelope& head) noexcept;

/// The age of the value: the time since its load began, never negative.
[[nodiscard]] milliseconds age_of(const envelope& head, server_time now) noexcept;

/// The times that a fill stores.
struct lifetime {
  milliseconds fresh{};  ///< counted from the store; the load time is already subtracted
  milliseconds grace{};
  milliseconds key_ttl{};  ///< the ttl of the Redis key
};

struct lifetime_inputs {
  milliseconds ttl{};
  milliseconds grace{};
  milliseconds lease_ttl{};
  microseconds load_time{};
  double ttl_jitter = 0.0;  ///< in [0, 1)
  double unit = 1.0;        ///< a random number in (0, 1]
};

/// fresh = max(ttl * jittered - load time, min(ttl, 50 ms)); jitter only shortens. key_ttl = fresh
/// + max(grace, 2 * lease_ttl + 4 * load time). Each duration of the input is clamped to 0 to 100
/// years, so that nothing overflows here or in a script.
[[nodiscard]] lifetime lifetime_of(const lifetime_inputs& inputs) noexcept;

inline constexpr milliseconds default_failure_pause_max{5000};

/// clamp(load time, 50 ms, 1 s) * 2^(attempt - 1), at most `pause_max`, then +-20 % by `unit`.
/// `attempt` counts from 1. A `pause_max` of zero gives no pause.
[[nodiscard]] milliseconds failure_pause(microseconds load_time, std::uint32_t attempt, double unit,
                                         milliseconds pause_max) noexcept;

/// The longest possible `failure_pause`. No reader waits longer, whatever the entry says.
[[nodiscard]] milliseconds longest_failure_pause(milliseconds pause_max) noexcept;

/// When the pause of a failed entry ends for a reader with this `pause_max`.
[[nodiscard]] server_time pause_end_of(const envelope& failed, milliseconds pause_max) noexcept;

}  // namespace drover::entry
