// SPDX-License-Identifier: MIT
// The exhaustive mode, for small worlds. A sweep carries out one scenario once for every moment at
// which anything happens in it, with a fault, a deadline, a stop or the end of the process at that
// moment. An exploration carries it out with every order of its threads, up to a number of
// preemptions.
//
// Threads: as `carry_out`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "world/play/plan.hpp"
#include "world/play/schedule.hpp"

namespace drover::world {

struct enumeration {
  std::string name;
  std::uint64_t schedules = 0;
  std::set<std::uint64_t> fingerprints;  ///< schedules that are alike have the same one
  std::uint64_t failed = 0;
  bool is_complete = true;  ///< false: the limit of schedules ended it
  std::optional<violation> first;
  std::string first_plan;  ///< for people
};

/// Carries out `of` with `change` at every moment of its first run, and in every range of bytes.
[[nodiscard]] enumeration sweep(std::string name, const plan& of,
                                const std::function<void(plan&, virtual_time)>& change);
/// With every number of bytes up to `bytes`.
[[nodiscard]] enumeration sweep_bytes(std::string name, const plan& of, std::size_t bytes,
                                      const std::function<void(plan&, std::size_t)>& change);
/// With every order of threads that has at most `preemptions` preemptions, as far as
/// `schedules_max` goes.
[[nodiscard]] enumeration explore(std::string name, const plan& of, unsigned preemptions,
                                  std::uint64_t schedules_max);

/// All enumerations of the small scenarios, one after the other.
void enumerate_all(std::uint64_t explored_max,
                   const std::function<void(const enumeration&)>& on_end);

}  // namespace drover::world
