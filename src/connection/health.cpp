// SPDX-License-Identifier: MIT
#include "connection/health.hpp"

#include <algorithm>

#include "connection/moments.hpp"

namespace drover::connection {
namespace {

constexpr unsigned unanswered_max = 3;
constexpr unsigned doublings_max = 20;
constexpr microseconds pause_max = std::chrono::hours{24 * 365};

}  // namespace

// Uniform between half and all of min * 2^doublings, so that the clients of one server spread.
// Never below min.
microseconds health::pause(unsigned doublings) noexcept {
  const auto least = std::min(in_microseconds(std::min(within_.min, within_.max)), pause_max);
  const auto most = std::min(in_microseconds(within_.max), pause_max);
  const auto factor = std::int64_t{1} << std::min(doublings, doublings_max);
  const auto whole = std::min(times(least, factor), most);
  const auto jittered = static_cast<double>(whole.count()) * (0.5 + 0.5 * random_.next_unit());
  return std::max(microseconds{static_cast<std::int64_t>(jittered)}, least);
}

void health::connected(steady_time now) noexcept {
  open_ = false;
  connected_at_ = now;
}

// The pause counts from the start of the attempt. So an attempt that reached its time limit has
// already waited, and the client finds a returned server within the longest pause.
void health::refused(steady_time now) noexcept {
  open(std::min(began_, now), now);
  began_ = steady_time::max();
}

void health::open(steady_time from, steady_time now) noexcept {
  open_ = true;
  pauses_unasked_ = false;
  ++failures_;
  next_attempt_ = std::max(after(from, pause(failures_)), after(now, pause(0)));
}

void health::lost(loss kind, use before, steady_time now) noexcept {
  pauses_unasked_ = false;
  if (kind == loss::distrusted) return look_again(now);
  const bool was_sound =
      before == use::answered || between(connected_at_, now) >= in_microseconds(within_.max);
  if (was_sound) failures_ = idle_losses_ = 0;
  if (before == use::answered) unanswered_ = 0;
  next_attempt_ = now;
  if (kind == loss::silent || before == use::unanswered) {
    if (++unanswered_ >= unanswered_max) return open(now, now);
  }
  if (kind != loss::ended || was_sound) return;
  // A connection that ended before its first request says nothing about the next request.
  pauses_unasked_ = before == use::unasked;
  unsigned& losses = pauses_unasked_ ? idle_losses_ : failures_;
  next_attempt_ = after(now, pause(losses));
  ++losses;
}

void health::request_made(steady_time now) noexcept {
  if (!pauses_unasked_) return;
  pauses_unasked_ = false;
  next_attempt_ = std::min(next_attempt_, now);
}

void health::look_again(steady_time now) noexcept {
  if (between(next_look_, now) >= in_microseconds(within_.max)) looks_ = 0;
  next_attempt_ = std::max(now, next_look_);
  next_look_ = after(next_attempt_, pause(looks_));
  ++looks_;
}

}  // namespace drover::connection
