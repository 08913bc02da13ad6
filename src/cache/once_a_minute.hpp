// SPDX-License-Identifier: MIT
// Limits an event to once a minute.
//
// Threads: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace drover::detail {

class once_a_minute {
 public:
  /// True for the first call, then for one call after each minute without a true result.
  [[nodiscard]] bool is_due(steady_time now) noexcept {
    std::int64_t last = last_us_.load(std::memory_order_relaxed);
    const std::int64_t now_us = now.time_since_epoch().count();
    if (last != never && now_us - last < minute.count()) return false;
    return last_us_.compare_exchange_strong(last, now_us, std::memory_order_relaxed);
  }

 private:
  static constexpr microseconds minute = std::chrono::minutes{1};
  static constexpr std::int64_t never = INT64_MIN;
  std::atomic<std::int64_t> last_us_{never};
};

}  // namespace drover::detail
