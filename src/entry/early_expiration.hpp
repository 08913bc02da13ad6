// SPDX-License-Identifier: MIT
// Early expiration: choose, at random and more often near the end, to refresh before the ttl ends.
//
// XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention",
// PVLDB 8(8), 2015: refresh when now - delta * beta * ln(u) >= expiry, with delta the *load time*.
#pragma once

#include "base/time.hpp"
#include "entry/envelope.hpp"

namespace drover::entry {

struct early_inputs {
  double beta = 1.0;        ///< eagerness; 0: never
  double unit = 1.0;        ///< a draw from (0, 1]
  milliseconds lead_max{};  ///< never earlier than this before the end (ttl / 4)
};

/// True when a fresh VALUE should be refreshed now. delta is the entry's measured load time, at
/// least 1 ms; an entry expired by hand, absent or not fresh is never "early".
[[nodiscard]] bool is_due_early(const envelope& head, server_time now,
                                const early_inputs& in) noexcept;

}  // namespace drover::entry
