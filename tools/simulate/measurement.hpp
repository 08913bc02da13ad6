// SPDX-License-Identifier: MIT
// What a run's record comes to. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simulate/herd.hpp"

namespace drover::simulate {

struct quantiles {
  std::chrono::nanoseconds p50{};
  std::chrono::nanoseconds p99{};
  std::chrono::nanoseconds max{};
};

struct measurement {
  std::uint32_t callers = 0;
  std::uint32_t queries = 0;        ///< that the database counted
  std::uint32_t queries_asked = 0;  ///< that the strategy believes to have sent
  std::uint32_t fill_queries = 0;
  std::uint32_t errors = 0;
  std::uint32_t wrong_values = 0;
  std::string first_error;
  quantiles wait;  ///< from a caller's call to its return
  quantiles
      lag;  ///< from the end of the first query to a caller's return; before it counts as zero
  std::chrono::nanoseconds end{};  ///< when the last caller was back, from the release
  std::vector<time_span> spans;    ///< the queries

  /// One query by the database's and by the strategy's count, after one for the fill, and every
  /// caller right.
  [[nodiscard]] bool is_one_load() const noexcept {
    return queries == 1 && queries_asked == 1 && fill_queries == 1 && errors == 0 &&
           wrong_values == 0;
  }
};

[[nodiscard]] measurement measure(const herd_record& record);

/// Nearest rank; zeros for no samples.
[[nodiscard]] quantiles quantiles_of(std::vector<std::chrono::nanoseconds> samples);

/// How many of `spans` run at some time in each of `bins` equal parts of [0, end).
[[nodiscard]] std::vector<std::uint32_t> running_over_time(std::span<const time_span> spans,
                                                           std::chrono::nanoseconds end,
                                                           std::size_t bins);

}  // namespace drover::simulate
