// SPDX-License-Identifier: MIT
// One round of the campaign: a new world, faults for a while, a time to settle, and the check.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "history/checker.hpp"

namespace drover::campaign {

struct round_settings {
  std::string program{};
  std::uint32_t processes = 8;
  std::uint32_t threads = 4;
  std::uint64_t seed = 1;
  std::chrono::seconds chaos{24};
  /// After the last fault. Then all processes must read the newest versions: an old value has
  /// ended, and every invalidation has been repeated.
  std::chrono::seconds settle{5};
  /// When it becomes true, the round ends early and its result means nothing.
  const std::atomic<bool>* is_interrupted = nullptr;
};

struct round_result {
  history::findings found;
  std::array<std::uint64_t, 64> events{};  ///< by drover::event_kind, of all workers
  std::uint64_t records = 0;
  /// The processes that ran until the end.
  std::uint64_t processes_at_end = 0;
};

/// Throws std::exception when the world cannot be built or controlled.
[[nodiscard]] round_result run_round(const round_settings& with);

}  // namespace drover::campaign
