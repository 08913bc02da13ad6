// SPDX-License-Identifier: MIT
// Random numbers that depend only on the seed and on what they are drawn for, and not on the order
// in which connections are served. Pure.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "base/random.hpp"
#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

/// The numbers of one request or connection for one spec. Equal arguments give equal numbers.
[[nodiscard]] inline base::seeded_random draws_for(
    std::uint64_t seed, std::initializer_list<std::uint64_t> subject) noexcept {
  std::uint64_t mixed = base::seeded_random{seed}.next();
  for (const std::uint64_t number : subject) mixed = base::seeded_random{mixed ^ number}.next();
  return base::seeded_random{mixed};
}

[[nodiscard]] inline microseconds draw_delay(const delay_distribution& from,
                                             base::seeded_random& draws) {
  const double unit = draws.next_unit();
  if (from.mean.count() > 0) {
    const double us = -std::log(unit) * static_cast<double>(from.mean.count());
    const auto most = static_cast<double>(from.high.count());
    return microseconds{std::llround(us < most ? us : most)};
  }
  const auto width = static_cast<double>((from.high - from.low).count());
  return from.low + microseconds{std::llround(unit * width)};
}

}  // namespace drover::faults
