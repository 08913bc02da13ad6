// SPDX-License-Identifier: MIT
#include <ctime>

#include "connection/channel.hpp"

namespace drover::connection {

steady_time now() noexcept {
  std::timespec at{};
  ::clock_gettime(CLOCK_BOOTTIME, &at);
  return steady_time{
      microseconds{static_cast<std::int64_t>(at.tv_sec) * 1'000'000 + at.tv_nsec / 1000}};
}

}  // namespace drover::connection
