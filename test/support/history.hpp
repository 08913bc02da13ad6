// SPDX-License-Identifier: MIT
// What the threads of a fleet did, in a file that outlives each of them: the evidence for "a get
// that begins after an invalidation was acknowledged never returns an older version".
//
// All processes run on one machine, so that CLOCK_MONOTONIC orders what they did.
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

/// Gets, writes and invalidates keys at random and records what it does: for `run_ms`, and until
/// each thread has changed keys some times and a fill of the process was refused.
void mix(cached_origin& cached, shared_origin& origin, const mixture& plan);

[[nodiscard]] std::vector<operation> read_history(const std::string& path);

/// What the histories of several processes show.
struct verdict {
  std::uint64_t gets = 0;
  std::uint64_t invalidations = 0;  ///< acknowledged
  std::uint64_t unknown = 0;        ///< invalidations that were not
  std::uint64_t stale = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t overlaps = 0;  ///< invalidations acknowledged while a get of the key ran
  std::vector<std::string> violations{};
};

/// One history per process.
[[nodiscard]] verdict judge(const std::vector<std::vector<operation>>& histories);

}  // namespace drover::test
