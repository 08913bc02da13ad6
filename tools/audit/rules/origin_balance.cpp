// SPDX-License-Identifier: MIT
#include "audit/rules/origin_balance.hpp"

#include <algorithm>

namespace drover::audit {
namespace {

/// Fewer loads than this, or a smaller share of the stores, are retries and loads that failed once.
constexpr std::uint64_t surplus_min = 5;
constexpr double surplus_share = 0.25;

}  // namespace

void origin_balance::add(const record& item) {
  const auto* const loads = std::get_if<origin_loads>(&item);
  if (loads == nullptr || !loads->key.empty() || loads->source.starts_with("tcp")) return;
  told_ += loads->count;
  is_told_ = true;
}

std::uint64_t origin_balance::stored(const rule_context& context) {
  std::uint64_t stored = 0;
  for (const pattern_state& pattern : context.patterns()) {
    if (context.role_of(pattern) != key_role::value) continue;
    const op_counts& counts = pattern.counts;
    stored +=
        counts.stores - std::min(counts.stores, counts.modifications) + counts.won + counts.lost;
  }
  return stored;
}

std::uint64_t origin_balance::surplus(const rule_context& context) const {
  const std::uint64_t seen = stored(context);
  const std::uint64_t more = told_ - std::min(told_, seen);
  const bool is_much =
      more >= surplus_min && static_cast<double>(more) >= surplus_share * static_cast<double>(seen);
  return is_much ? more : 0;
}

}  // namespace drover::audit
