// SPDX-License-Identifier: MIT
// The two clocks as separate types: `steady_time` for waits in this process, `server_time` for
// stored times. Only entry/server_clock converts between them, with an estimated offset. Pure
// layers take times as parameters; only the other layers read a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace drover {

using microseconds = std::chrono::microseconds;
using milliseconds = std::chrono::milliseconds;

struct steady_clock_tag {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = microseconds;
  using time_point = std::chrono::time_point<steady_clock_tag>;
  static constexpr bool is_steady = true;
};
/// A moment on this machine's monotonic clock that also runs while the machine sleeps.
using steady_time = steady_clock_tag::time_point;

struct server_clock_tag {
  using rep = std::int64_t;
  using period = std::milli;
  using duration = milliseconds;
  using time_point = std::chrono::time_point<server_clock_tag>;
  static constexpr bool is_steady = false;
};
/// A moment on the server's clock, in whole milliseconds since 1970, as reported by the TIME
/// command.
using server_time = server_clock_tag::time_point;

}  // namespace drover
