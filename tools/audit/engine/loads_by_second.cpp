// SPDX-License-Identifier: MIT
#include "audit/engine/loads_by_second.hpp"

#include <algorithm>

namespace drover::audit {
namespace {

constexpr std::int64_t chart_seconds_max = 1'000'000;

std::uint32_t chart_second_of(moment at) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(at.count() / 1'000'000, 0, chart_seconds_max - 1));
}

}  // namespace

void loads_by_second::add(std::uint32_t pattern, moment at, std::uint64_t count) {
  std::vector<second>& seconds = patterns_[pattern];
  const std::uint32_t now = chart_second_of(at);
  // Stores arrive in the order of their replies, so that the place is near the end.
  auto place = seconds.end();
  while (place != seconds.begin() && std::prev(place)->at > now) --place;
  if (place != seconds.begin() && std::prev(place)->at == now) {
    std::prev(place)->count += count;
  } else if (kept_ >= kept_max_ && !seconds.empty()) {
    seconds.back().count += count;
  } else {
    seconds.insert(place, {now, count});
    ++kept_;
  }
}

std::uint64_t loads_by_second::remove(std::uint32_t pattern, moment at, std::uint64_t count) {
  std::vector<second>& seconds = patterns_[pattern];
  const auto take = [&](second& from) {
    const std::uint64_t taken = std::min(count, from.count);
    from.count -= taken;
    count -= taken;
  };
  const auto later = std::upper_bound(
      seconds.begin(), seconds.end(), chart_second_of(at),
      [](std::uint32_t second_at, const second& entry) { return second_at < entry.at; });
  for (auto entry = later; count > 0 && entry != seconds.begin();) take(*--entry);
  for (auto entry = later; count > 0 && entry != seconds.end(); ++entry) take(*entry);
  return count;
}

std::vector<std::uint64_t> loads_by_second::each_second(
    const std::function<bool(std::uint32_t)>& is_counted) const {
  std::vector<std::uint64_t> sums;
  for (const auto& [pattern, seconds] : patterns_) {
    if (seconds.empty() || !is_counted(pattern)) continue;
    sums.resize(std::max<std::size_t>(sums.size(), seconds.back().at + 1U));
    for (const second& entry : seconds) sums[entry.at] += entry.count;
  }
  while (!sums.empty() && sums.back() == 0) sums.pop_back();
  return sums;
}

}  // namespace drover::audit
