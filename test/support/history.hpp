// SPDX-License-Identifier: MIT
// The operations of the threads of a fleet, in a file that outlives the processes: the evidence for
// "a get that begins after an invalidation was acknowledged never returns an older version".
//
// All processes run on one machine, so CLOCK_MONOTONIC orders their operations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/cached_origin.hpp"
#include "support/shared_origin.hpp"

namespace drover::test {

struct operation {
  enum class action : std::uint32_t { nothing, get, write, invalidate };
  enum class remark : std::uint32_t { none, stale, bypassed, failed, mixed_up };

  std::uint64_t began_ns = 0;
  std::uint64_t ended_ns = 0;
  std::uint32_t key = 0;
  std::uint32_t version = 0;
  /// Stored last: an operation without it has not ended.
  action done = action::nothing;
  remark note = remark::none;
};

struct mixture {
  std::uint64_t seed = 0;
  unsigned run_ms = 0;
  unsigned keys = 0;
  unsigned threads = 0;
  std::string history_path{};
};

/// Gets, writes and invalidates keys at random and records its operations. It runs for `run_ms`,
/// and until each thread has changed keys several times and a fill of the process was refused.
void mix(cached_origin& cached, shared_origin& origin, const mixture& plan);

[[nodiscard]] std::vector<operation> read_history(const std::string& path);

/// The result of checking the histories of several processes.
struct verdict {
  std::uint64_t gets = 0;
  std::uint64_t invalidations = 0;  ///< acknowledged
  std::uint64_t unknown = 0;        ///< invalidations that were not acknowledged
  std::uint64_t stale = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t overlaps = 0;  ///< invalidations acknowledged while a get of the key ran
  std::vector<std::string> violations{};
};

/// A failover may lose invalidations that were acknowledged at `began_ns` or later. Until
/// `ended_ns` they bind only the process that sent them.
struct lost_time {
  std::uint64_t began_ns = UINT64_MAX;
  std::uint64_t ended_ns = UINT64_MAX;
};

/// Checks the histories, one for each process.
[[nodiscard]] verdict judge(const std::vector<std::vector<operation>>& histories,
                            lost_time lost = {});
/// The clock of `operation`.
[[nodiscard]] std::uint64_t history_now_ns();

}  // namespace drover::test
