// SPDX-License-Identifier: MIT
// What a page's charts show, cut down to what a screen can: however long a simulation was and
// however many calls it made, its page stays small. Pure.
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

/// From `at` to the next one, or to the end.
struct activity {
  std::chrono::nanoseconds at{};
  std::uint32_t waiting = 0;
  std::uint32_t running = 0;
  std::uint32_t refused = 0;  ///< since the beginning

  friend bool operator==(const activity&, const activity&) = default;
};

/// At most series_max, only where something changes. A peak is never lost, it is shown too wide.
[[nodiscard]] std::vector<activity> activity_of(const measurement& measured);

/// This share of the calls was back within this time.
struct waited {
  double percent = 0;
  std::chrono::nanoseconds time{};
};

/// From the shortest wait to the longest; at most series_max.
[[nodiscard]] std::vector<waited> waits_of(const measurement& measured);

/// `most` of `count` places, evenly spread, the first and the last among them; all if they fit.
[[nodiscard]] std::vector<std::size_t> evenly(std::size_t count, std::size_t most);

/// All that the page's script draws, as JSON.
[[nodiscard]] std::string page_series(const simulation& of);

}  // namespace drover::simulate
