// SPDX-License-Identifier: MIT
#include "connection/reply_watch.hpp"

#include <algorithm>

#include "connection/moments.hpp"

namespace drover::connection {

reply_watch::reply_watch(milliseconds silence_max) noexcept
    : silence_max_{in_microseconds(silence_max)} {}

void reply_watch::begin(steady_time now, std::size_t unwritten) noexcept {
  quiet_since_.store(now, std::memory_order_relaxed);
  looked_at_ = now;
  age_ = {};
  unwritten_ = unwritten;
  moved_ = 0;
}

// A full socket that accepts bytes again ends the silence, because the server reads them.
void reply_watch::wrote(std::size_t bytes, bool was_full, steady_time now) noexcept {
  const auto counted = std::min(bytes, unwritten_);
  unwritten_ -= counted;
  moved_ += counted;
  if (was_full) quiet_since_.store(now, std::memory_order_relaxed);
}

void reply_watch::came(std::size_t bytes, steady_time now) noexcept {
  moved_ += bytes;
  quiet_since_.store(now, std::memory_order_relaxed);
}

steady_time reply_watch::silent_at() const noexcept {
  return after(quiet_since_.load(std::memory_order_relaxed), silence_max_);
}

bool reply_watch::is_too_old(steady_time now) noexcept {
  age_ = sum(age_, std::clamp(between(looked_at_, now), microseconds{0}, silence_max_));
  looked_at_ = now;
  const auto extension =
      microseconds{static_cast<std::int64_t>(moved_ / rate_min) * 1'000'000 +
                   static_cast<std::int64_t>(moved_ % rate_min) * 1'000'000 / rate_min};
  return age_ >= sum(times(silence_max_, ages), extension);
}

}  // namespace drover::connection
