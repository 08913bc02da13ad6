// SPDX-License-Identifier: MIT
// One schedule: a plan carried out in the simulated world, with the checks of what the library
// promises. The same plan and the same decisions give the same schedule, bit for bit.
//
// Threads: one schedule at a time in a process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "world/play/coverage.hpp"
#include "world/play/plan.hpp"
#include "world/system/choices.hpp"

namespace drover::world {

/// A promise of the library that did not hold, or a fault of the harness.
struct violation {
  std::string rule;  ///< one word: the same for the same kind, so that a plan can be made smaller
  std::string text;
};

struct result {
  std::vector<violation> violations;
  std::uint64_t fingerprint = 0;
  std::uint64_t steps = 0;
  std::uint64_t calls = 0;
  coverage seen;
  std::vector<virtual_time> moments;  ///< of all steps, if they were recorded
};

struct run_options {
  std::uint64_t steps_max = 3'000'000;
  bool prints_events = false;  ///< one line each, on standard error
  bool records_moments = false;
};

/// Carries out a plan.
[[nodiscard]] result carry_out(const plan& planned, choices& decide, const run_options& with = {});
/// With the decisions that belong to the plan's seed.
[[nodiscard]] result carry_out(const plan& planned, const run_options& with = {});

}  // namespace drover::world
