// SPDX-License-Identifier: MIT
// Early expiration: a random decision to refresh before the ttl ends, more often near the end.
//
// XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention",
// PVLDB 8(8), 2015: refresh when now - delta * beta * ln(u) >= expiry, with delta the *load time*.
#pragma once

#include "base/time.hpp"
#include "entry/envelope.hpp"

namespace drover::entry {

struct early_inputs {
  double beta = 1.0;        ///< the eagerness; 0: never early
  double unit = 1.0;        ///< a random number in (0, 1]
  milliseconds lead_max{};  ///< a refresh starts at most this long before the end (ttl / 4)
};

/// True when a fresh VALUE should be refreshed now. delta is the load time in the entry, at least 1
/// ms. Entries that `expire` made stale, absent entries and entries that are not fresh are never
/// due early.
[[nodiscard]] bool is_due_early(const envelope& head, server_time now,
                                const early_inputs& inputs) noexcept;

}  // namespace drover::entry
