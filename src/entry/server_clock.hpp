// SPDX-License-Identifier: MIT
// An estimate of the server's clock from request/reply times: of the samples of the last 60 s the
// one with the smallest round trip counts (after Cristian, "Probabilistic clock synchronization",
// Distributed Computing 3, 1989).
// A sample that contradicts an older one means that a clock stepped: the older one is forgotten.
// Used only for fresh / stale / early; no safety rests on it.
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

  void add(const sample& seen) noexcept;
  /// Forget everything: another server answers now.
  void reset() noexcept;
  /// nullopt until a first sample came.
  [[nodiscard]] std::optional<server_time> at(steady_time now) const noexcept;

 private:
  static constexpr std::size_t capacity = 16;  ///< bounded; holds the best of the window
  struct kept {
    steady_time received;
    microseconds round_trip;
    microseconds offset;  ///< server time minus steady time, both since their epochs
  };
  std::array<kept, capacity> samples_{};
  std::size_t size_ = 0;
};

}  // namespace drover::entry
