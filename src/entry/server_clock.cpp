// SPDX-License-Identifier: MIT
#include "entry/server_clock.hpp"

#include <algorithm>

#include "entry/saturating.hpp"

namespace drover::entry {
namespace {

constexpr microseconds window = std::chrono::seconds{60};
// The server reports whole milliseconds.
constexpr microseconds grain = milliseconds{1};
// 100,000 years. Samples with a later time are invalid and ignored.
constexpr milliseconds last_time = std::chrono::days{36'525'000};

microseconds between(steady_time from, steady_time to) noexcept {
  return microseconds{
      saturating_subtract(to.time_since_epoch().count(), from.time_since_epoch().count())};
}

}  // namespace

// The samples are in order of time, and each has a longer round trip than the one before. So the
// first sample inside the window is the best of the window, and the last one is the newest of all.
void server_clock::add(const sample& reading) noexcept {
  const auto server_reading = reading.server.time_since_epoch();
  if (reading.received < reading.sent || server_reading < milliseconds::zero() ||
      server_reading > last_time)
    return;

  const microseconds round_trip = between(reading.sent, reading.received);
  const steady_time midpoint = reading.sent + round_trip / 2;
  const kept_sample newest{reading.received, round_trip,
                           microseconds{saturating_subtract(microseconds{server_reading}.count(),
                                                            midpoint.time_since_epoch().count())}};

  // The true offset differs from that of each sample by at most half a round trip. If two samples
  // contradict each other, a clock was set in between, and the older sample is invalid, however
  // small its round trip is.
  const auto contradicts = [&newest](const kept_sample& older) {
    const auto apart = saturating_subtract(newest.offset.count(), older.offset.count());
    const auto reach = (newest.round_trip / 2 + older.round_trip / 2 + grain).count();
    return apart > reach || apart < -reach || newest.received < older.received;
  };
  const auto end = samples_.begin() + static_cast<std::ptrdiff_t>(size_);
  const auto useless = [&](const kept_sample& older) {
    return contradicts(older) || older.round_trip >= newest.round_trip ||
           between(older.received, newest.received) > window;
  };
  size_ =
      static_cast<std::size_t>(std::remove_if(samples_.begin(), end, useless) - samples_.begin());
  if (size_ == capacity) --size_;  // the newest sample replaces the one before it
  samples_[size_++] = newest;
}

void server_clock::reset() noexcept { size_ = 0; }

const server_clock::kept_sample* server_clock::best(steady_time now) const noexcept {
  if (size_ == 0) return nullptr;
  const auto end = samples_.begin() + static_cast<std::ptrdiff_t>(size_);
  auto found = std::find_if(samples_.begin(), end, [now](const kept_sample& candidate) {
    return between(candidate.received, now) <= window;
  });
  if (found == end) --found;
  return &*found;
}

std::optional<server_time> server_clock::at(steady_time now) const noexcept {
  const kept_sample* const counts = best(now);
  if (counts == nullptr) return std::nullopt;
  const microseconds estimate{
      saturating_add(now.time_since_epoch().count(), counts->offset.count())};
  return server_time{std::chrono::floor<milliseconds>(estimate)};
}

microseconds server_clock::most_ahead(steady_time now) const noexcept {
  const kept_sample* const counts = best(now);
  if (counts == nullptr) return microseconds::zero();
  return counts->round_trip - counts->round_trip / 2 + grain;
}

}  // namespace drover::entry
