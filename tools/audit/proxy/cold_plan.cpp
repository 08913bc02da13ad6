// SPDX-License-Identifier: MIT
#include "audit/proxy/cold_plan.hpp"

#include <algorithm>

namespace drover::audit {

moment cold_plan::draw() noexcept {
  return moment{
      static_cast<std::int64_t>(random_.next_unit() * static_cast<double>(pace_.spread.count()))};
}

unsigned cold_plan::times_of(const hot_key& what) const {
  const auto found = times_.find(what.pattern);
  return found == times_.end() ? 0 : found->second;
}

// Those that were made cold least come first, so that all have had their turn should time run out.
std::optional<hot_key> cold_plan::next(const std::vector<hot_key>& hot, moment now) {
  if (now < pace_.baseline) return std::nullopt;
  const hot_key* best = nullptr;
  for (const hot_key& one : hot) {
    const auto [at, is_new] = not_before_.try_emplace(one.pattern, now);
    if (is_new) at->second += draw();
    if (now < at->second) continue;
    if (best == nullptr || times_of(one) < times_of(*best)) best = &one;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

void cold_plan::done(const hot_key& what, moment now, bool was_there) {
  if (was_there) ++times_[what.pattern];
  const moment settle = std::max(pace_.settle_min, what.delta * pace_.settle_loads);
  // Often enough: from then on only now and then, for as long as the run lasts.
  const bool is_enough = times_of(what) >= pace_.each;
  not_before_[what.pattern] = now + settle * (is_enough ? 5 : 1) + draw();
}

}  // namespace drover::audit
