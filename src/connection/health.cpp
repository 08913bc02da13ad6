// SPDX-License-Identifier: MIT
#include "connection/health.hpp"

#include <algorithm>

namespace drover::connection {
namespace {

constexpr unsigned unanswered_max = 3;
constexpr unsigned doublings_max = 20;

}  // namespace

// Uniform in [half, whole] of min * 2^failures, so that clients of one server spread; never below
// min.
microseconds health::pause() noexcept {
  const auto doublings = std::min(failures_, doublings_max);
  const auto whole = std::min<microseconds>(
      microseconds{within_.min} * (std::int64_t{1} << doublings), microseconds{within_.max});
  const auto drawn = static_cast<double>(whole.count()) * (0.5 + 0.5 * random_.next_unit());
  return std::max<microseconds>(microseconds{static_cast<std::int64_t>(drawn)},
                                std::min<microseconds>(within_.min, within_.max));
}

void health::connected(steady_time now) noexcept {
  open_ = false;
  connected_at_ = now;
}

void health::refused(steady_time now) noexcept {
  open_ = true;
  ++failures_;
  next_attempt_ = now + pause();
}

void health::lost(loss how, use before, steady_time now) noexcept {
  const bool was_sound =
      before == use::answered || now - connected_at_ >= microseconds{within_.max};
  if (was_sound) failures_ = 0;
  if (before == use::answered) unanswered_ = 0;
  next_attempt_ = now;
  if (how == loss::silent || before == use::unanswered) {
    if (++unanswered_ >= unanswered_max) return refused(now);
  }
  if (how == loss::ended && !was_sound) {
    next_attempt_ = now + pause();
    ++failures_;
  }
}

}  // namespace drover::connection
