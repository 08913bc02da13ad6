// SPDX-License-Identifier: MIT
// The two clocks, apart by type: `steady_time` for waiting in this process, `server_time` for what
// is stored. Nothing converts one into the other but entry/server_clock, which estimates an offset.
// The pure layers are given times; only shells read a clock.
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
/// A moment on the server's clock, in whole milliseconds since 1970, as its TIME command tells it.
using server_time = server_clock_tag::time_point;

}  // namespace drover
