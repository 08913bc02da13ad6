// SPDX-License-Identifier: MIT
#include "audit/proxy/cold_plan.hpp"

#include <algorithm>

namespace drover::audit {

moment cold_plan::draw() noexcept {
  return moment{
      static_cast<std::int64_t>(random_.next_unit() * static_cast<double>(pace_.spread.count()))};
}

unsigned cold_plan::deletions_of(const hot_key& key) const {
  const auto entry = deletions_.find(key.pattern);
  return entry == deletions_.end() ? 0 : entry->second;
}

// Patterns that were deleted least often come first, so that all have a turn if the run is short.
std::optional<hot_key> cold_plan::next(const std::vector<hot_key>& hot, moment now) {
  if (now < pace_.baseline) return std::nullopt;
  const hot_key* best = nullptr;
  for (const hot_key& candidate : hot) {
    const auto [at, is_new] = not_before_.try_emplace(candidate.pattern, now);
    if (is_new) at->second += draw();
    if (now < at->second) continue;
    if (best == nullptr || deletions_of(candidate) < deletions_of(*best)) best = &candidate;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

void cold_plan::done(const hot_key& key, moment now, bool was_present) {
  if (was_present) ++deletions_[key.pattern];
  const moment settle = std::max(pace_.settle_min, key.delta * pace_.settle_loads);
  // After enough deletions, the pauses are longer until the run ends.
  const bool is_enough = deletions_of(key) >= pace_.deletions_per_pattern;
  not_before_[key.pattern] = now + settle * (is_enough ? 5 : 1) + draw();
}

}  // namespace drover::audit
