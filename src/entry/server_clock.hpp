// SPDX-License-Identifier: MIT
// An estimate of the server's clock from the times of requests and replies. The sample with the
// smallest round trip of the last 60 s counts (Cristian, "Probabilistic clock synchronization",
// Distributed Computing 3, 1989). A sample that contradicts an older one shows that a clock was
// set: the older sample is dropped. The estimate only decides between fresh, stale and early, and
// how late a fill is; no safety property depends on it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "base/time.hpp"

namespace drover::entry {

/// Threads: one at a time.
class server_clock {
 public:
  struct sample {
    steady_time sent;
    steady_time received;
    server_time server;
  };

  void add(const sample& reading) noexcept;
  /// Drops all samples. Call it when another server answers.
  void reset() noexcept;
  /// The estimated time of the server; nullopt before the first sample.
  [[nodiscard]] std::optional<server_time> at(steady_time now) const noexcept;
  /// How far the server's time may be ahead of the estimate: half of the round trip of the sample
  /// that counts, and the millisecond that the server rounds off. Zero before the first sample.
  [[nodiscard]] microseconds most_ahead(steady_time now) const noexcept;

 private:
  static constexpr std::size_t capacity = 16;  ///< the most samples that are kept
  struct kept_sample {
    steady_time received;
    microseconds round_trip;
    microseconds offset;  ///< server time minus steady time, each since its epoch
  };
  /// Null before the first sample.
  [[nodiscard]] const kept_sample* best(steady_time now) const noexcept;

  std::array<kept_sample, capacity> samples_{};
  std::size_t size_ = 0;
};

}  // namespace drover::entry
