// SPDX-License-Identifier: MIT
#include "entry/freshness.hpp"

#include <algorithm>

#include "entry/saturating.hpp"

namespace drover::entry {
namespace {

constexpr milliseconds shortest_fresh{50};

// The upper limit of every duration, 100 years. Sums of a few stay far below 2^53, up to which the
// doubles of the scripts are exact, and below the longest ttl that Redis accepts.
constexpr milliseconds longest = std::chrono::days{36'525};

constexpr microseconds shortest_pause = milliseconds{50};
constexpr microseconds longest_first_pause = milliseconds{1000};

milliseconds bounded(milliseconds length) noexcept {
  return std::clamp(length, milliseconds::zero(), longest);
}

// Rounds up, so that no part of a load time is lost.
milliseconds bounded(microseconds length) noexcept {
  return std::chrono::ceil<milliseconds>(
      std::clamp<microseconds>(length, microseconds::zero(), longest));
}

}  // namespace

server_time servable_until(const envelope& head) noexcept {
  const auto grace = std::max<std::int64_t>(head.grace.count(), 0);
  return server_time{milliseconds{saturating_add(head.until.time_since_epoch().count(), grace)}};
}

freshness freshness_of(const envelope& head, server_time now, const trust& trusted) noexcept {
  const bool by_hand =
      head.kind == kind::value && (head.flags & envelope::flag_expired_by_hand) != 0;
  const bool is_trusted = !trusted.nothing_is_fresh && head.stored_at >= trusted.stored_from;
  if (now < head.until && !by_hand && is_trusted) return freshness::fresh;
  if (head.kind != kind::value) return freshness::expired;
  if (!is_trusted && head.grace.count() <= 0) return freshness::expired;
  return now < servable_until(head) ? freshness::stale : freshness::expired;
}

milliseconds age_of(const envelope& head, server_time now) noexcept {
  const auto stored = saturating_subtract(now.time_since_epoch().count(),
                                          head.stored_at.time_since_epoch().count());
  const auto load = std::chrono::ceil<milliseconds>(microseconds{head.load_us});
  return milliseconds{std::max<std::int64_t>(saturating_add(stored, load.count()), 0)};
}

lifetime lifetime_of(const lifetime_inputs& inputs) noexcept {
  const milliseconds ttl = bounded(inputs.ttl);
  const milliseconds load = bounded(inputs.load_time);
  const double most = static_cast<double>(ttl.count());
  const double cut = most * inputs.ttl_jitter * (1.0 - inputs.unit);
  // A cut that is not a number gives no jitter.
  const milliseconds jitter{cut > 0.0 ? static_cast<std::int64_t>(std::min(cut, most)) : 0};

  lifetime times;
  times.fresh = std::max(ttl - jitter - load, std::min(ttl, shortest_fresh));
  times.grace = bounded(inputs.grace);
  times.key_ttl = times.fresh + std::max(times.grace, 2 * bounded(inputs.lease_ttl) + 4 * load);
  return times;
}

milliseconds failure_pause(microseconds load_time, std::uint32_t attempt, double unit,
                           milliseconds pause_max) noexcept {
  // With this many doublings the shortest first pause exceeds the longest duration, and the longest
  // first pause still fits the type.
  const std::uint32_t doublings = std::min<std::uint32_t>(attempt > 0 ? attempt - 1 : 0, 40);
  const microseconds first = std::clamp(load_time, shortest_pause, longest_first_pause);
  const microseconds pause =
      std::min<microseconds>(first * (std::int64_t{1} << doublings), bounded(pause_max));
  const double spread = 0.8 + 0.4 * (unit > 0.0 ? std::min(unit, 1.0) : 0.0);
  return milliseconds{static_cast<std::int64_t>(static_cast<double>(pause.count()) * spread / 1e3)};
}

milliseconds longest_failure_pause(milliseconds pause_max) noexcept {
  return bounded(pause_max) * 6 / 5;
}

server_time pause_end_of(const envelope& failed, milliseconds pause_max) noexcept {
  const std::int64_t end = saturating_add(failed.stored_at.time_since_epoch().count(),
                                          longest_failure_pause(pause_max).count());
  return std::min(failed.until, server_time{milliseconds{end}});
}

}  // namespace drover::entry
