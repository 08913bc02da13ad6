// SPDX-License-Identifier: MIT
// The data of a page's charts, reduced to the resolution of a screen. The size of the page does not
// grow with the length of the simulation or the number of calls. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

inline constexpr std::size_t series_max = 400;  ///< points of one series
inline constexpr std::size_t bars_max = 200;    ///< loads of one strategy
inline constexpr std::size_t markers_max = 60;  ///< markers of one strategy

/// The state from `at` to the next sample, or to the end.
struct activity {
  std::chrono::nanoseconds at{};
  std::uint32_t waiting = 0;
  std::uint32_t running = 0;
  std::uint32_t refused = 0;  ///< total since the beginning

  friend bool operator==(const activity&, const activity&) = default;
};

/// At most `series_max` samples, and only where a number changes. Every peak is kept, but a short
/// peak looks wider than it was.
[[nodiscard]] std::vector<activity> activity_of(const measurement& measured);

/// `percent` % of the calls returned within `time`.
struct waited {
  double percent = 0;
  std::chrono::nanoseconds time{};
};

/// At most `series_max` points, from the shortest wait to the longest.
[[nodiscard]] std::vector<waited> waits_of(const measurement& measured);

/// Selects `most` of `count` indexes, evenly spread, with the first and the last. Selects all if
/// `count` is not greater than `most`.
[[nodiscard]] std::vector<std::size_t> evenly(std::size_t count, std::size_t most);

/// The data for the page's script, as JSON.
[[nodiscard]] std::string page_series(const simulation& results);

}  // namespace drover::simulate
