// SPDX-License-Identifier: MIT
#include "audit/engine/key_state.hpp"

#include <algorithm>
#include <cmath>

#include "audit/engine/cold_tracker.hpp"
#include "audit/engine/lock_hold_tracker.hpp"
#include "audit/engine/wait_tracker.hpp"

namespace drover::audit {

void median_sample::add(moment value) {
  ++count_;
  sorted_.clear();
  if (values_.size() < kept) {
    values_.push_back(value);
    return;
  }
  // Later values replace the oldest ones, so that the sample is a window over the latest values.
  values_[count_ % kept] = value;
}

moment median_sample::median() const { return quantile(0.5); }

moment median_sample::quantile(double share) const {
  if (values_.empty()) return moment{};
  if (sorted_.empty()) {
    sorted_ = values_;
    std::sort(sorted_.begin(), sorted_.end());
  }
  const double rank = std::ceil(share * static_cast<double>(sorted_.size()));
  const auto at = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted_[std::min(at, sorted_.size() - 1)];
}

moment pattern_state::load_time() const {
  if (refreshes == 0) return load_times.median();
  if (sure_load_times.count() > 0) return sure_load_times.median();
  // A time that is really that of a refresh is too short, never too long. The long times are right.
  constexpr double nearly_all = 0.9;
  return load_times.quantile(nearly_all);
}

key_state::key_state() = default;
key_state::~key_state() = default;
key_state::key_state(key_state&&) noexcept = default;
key_state& key_state::operator=(key_state&&) noexcept = default;

}  // namespace drover::audit
