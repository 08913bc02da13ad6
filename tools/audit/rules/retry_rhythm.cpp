// SPDX-License-Identifier: MIT
#include "audit/rules/retry_rhythm.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace drover::audit {
namespace {

constexpr moment same_time_max = std::chrono::milliseconds{1};

std::vector<moment> thinned(std::span<const moment> burst) {
  std::vector<moment> out;
  for (const moment time : burst) {
    if (out.empty() || time - out.back() > same_time_max) out.push_back(time);
  }
  return out;
}

}  // namespace

void retry_rhythm::add(std::span<const moment> times) {
  const std::vector<moment> burst = thinned(times.first(std::min(times.size(), burst_max)));
  requests_ += burst.size();
  for (std::size_t i = 0; i < burst.size(); ++i) {
    // Counts each pause that has a follower once for this request.
    std::size_t next = shortest_ms;
    for (std::size_t j = i + 1; j < burst.size(); ++j) {
      const auto gap = static_cast<std::size_t>((burst[j] - burst[i]).count());
      const std::size_t from = std::max((gap + 999) / 1000, std::size_t{1}) - 1;
      const std::size_t to = std::min(gap / 1000 + 1, longest_ms);
      if (from > longest_ms) break;
      for (next = std::max(from, next); next <= to; ++next) ++followed_[next];
    }
    // A pause that ends after the burst cannot have a follower.
    const auto rest = static_cast<std::size_t>((burst.back() - burst[i]).count() / 1000);
    for (std::size_t pause = shortest_ms; pause <= std::min(rest, longest_ms); ++pause)
      ++eligible_[pause];
  }
}

void retry_rhythm::merge(const retry_rhythm& other) {
  for (std::size_t pause = 0; pause < followed_.size(); ++pause) {
    followed_[pause] += other.followed_[pause];
    eligible_[pause] += other.eligible_[pause];
  }
  requests_ += other.requests_;
}

double retry_rhythm::share_of(std::size_t pause) const {
  return static_cast<double>(std::min(followed_[pause], eligible_[pause])) /
         static_cast<double>(eligible_[pause]);
}

bool retry_rhythm::continues_at_twice(std::size_t pause) const {
  if (2 * pause > longest_ms || eligible_[2 * pause] < eligible_twice_min) return false;
  // Twice the pause has twice the tolerance.
  double best = 0;
  for (std::size_t p = 2 * pause - 1; p <= std::min(2 * pause + 2, longest_ms); ++p) {
    if (eligible_[p] >= eligible_twice_min) best = std::max(best, share_of(p));
  }
  return best > share_min;
}

std::optional<retry_rhythm::rhythm> retry_rhythm::detect() const {
  const auto least =
      std::max(eligible_min,
               static_cast<std::uint64_t>(eligible_share_min * static_cast<double>(requests_)));
  double sum = 0;
  std::size_t shares = 0;
  for (std::size_t pause = shortest_ms; pause <= longest_ms; ++pause) {
    if (eligible_[pause] < least) continue;
    sum += share_of(pause);
    ++shares;
  }
  const double chance = shares == 0 ? 0 : sum / static_cast<double>(shares);
  for (std::size_t pause = shortest_ms; pause <= longest_ms; ++pause) {
    if (eligible_[pause] < least || share_of(pause) <= share_min) continue;
    // With the tolerance of +-1 ms, three neighbouring pauses match. The fullest is the middle one.
    std::size_t best = pause;
    for (std::size_t neighbour = pause; neighbour <= std::min(pause + 2, longest_ms); ++neighbour) {
      if (eligible_[neighbour] >= least && share_of(neighbour) > share_of(best)) best = neighbour;
    }
    const double expected = eligible_[best] * chance;
    const double followed = eligible_[best] * share_of(best);
    const double deviation = std::sqrt(std::max(1.0, expected * (1.0 - chance)));
    if (followed <= factor_min * expected || followed - expected <= deviations_min * deviation ||
        !continues_at_twice(best)) {
      continue;
    }
    return rhythm{best, std::min(followed_[best], eligible_[best]), eligible_[best], expected};
  }
  return std::nullopt;
}

}  // namespace drover::audit
