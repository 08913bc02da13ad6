// SPDX-License-Identifier: MIT
// Many schedules, on several processes of this machine, with their sum.
//
// Threads: one campaign at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "world/play/coverage.hpp"
#include "world/play/schedule.hpp"

namespace drover::world {

struct failed_schedule {
  std::uint64_t seed = 0;
  violation first;
};

/// The sum of schedules.
struct tally {
  static constexpr std::size_t failures_kept = 50;

  std::uint64_t schedules = 0;
  std::uint64_t failed = 0;
  std::uint64_t repeated = 0;  ///< schedules that were carried out twice and compared
  std::uint64_t steps = 0;
  std::uint64_t calls = 0;
  std::uint64_t seeds_given = 0;  ///< to jobs: a campaign that goes on begins after these
  double processor_seconds = 0;
  double wall_seconds = 0;
  coverage seen;
  std::vector<failed_schedule> failures;  ///< the first ones

  void add(const tally& other);
};

struct campaign_plan {
  std::uint64_t first_seed = 1;
  std::uint64_t schedules = 1000;
  unsigned jobs = 1;
  std::optional<std::chrono::seconds> longest;
  /// Processor time. A schedule that takes longer loops without a system call.
  std::chrono::seconds longest_schedule{60};
  std::function<plan(std::uint64_t)> plans = plan_of;
  std::chrono::seconds progress_every{10};
  /// Called with the sum so far, and at the end.
  std::function<void(const tally&)> on_progress = [](const tally&) {};
};

/// Carries out schedules, those of consecutive seeds. One of a hundred runs twice: the same seed
/// must give the same schedule.
[[nodiscard]] tally run_campaign(const campaign_plan& planned);

}  // namespace drover::world
