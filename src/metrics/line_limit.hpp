// SPDX-License-Identifier: MIT
// How many lines of one kind are written in a minute. Pure: the time is an argument.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace drover::metrics {

class line_limit {
 public:
  explicit line_limit(std::size_t lines_a_minute) : lines_max_{lines_a_minute} {}

  /// nullopt: not this line. Otherwise the number of lines that were left out since the last one.
  [[nodiscard]] std::optional<std::uint64_t> next(steady_time now) {
    if (!begun_ || now - *begun_ >= std::chrono::minutes{1}) {
      begun_ = now;
      lines_ = 0;
    }
    if (lines_ >= lines_max_) {
      ++left_out_;
      return std::nullopt;
    }
    ++lines_;
    const std::uint64_t left_out = left_out_;
    left_out_ = 0;
    return left_out;
  }

 private:
  std::size_t lines_max_;
  std::size_t lines_ = 0;
  std::uint64_t left_out_ = 0;
  std::optional<steady_time> begun_;
};

}  // namespace drover::metrics
