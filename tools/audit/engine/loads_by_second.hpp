// SPDX-License-Identifier: MIT
// The loads and refreshes of each second, by key pattern. The figures of the run and the charts are
// sums of these counts, so that they agree. Their size is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "audit/capture/event.hpp"

namespace drover::audit {

class loads_by_second {
 public:
  /// Beyond this many seconds with a count, of all patterns together, a count is added to the last
  /// second of its pattern, so that no sum changes.
  static constexpr std::size_t seconds_kept_max = 1'000'000;

  explicit loads_by_second(std::size_t seconds_kept = seconds_kept_max) : kept_max_(seconds_kept) {}

  void add(std::uint32_t pattern, moment at, std::uint64_t count = 1);
  /// Takes back `count` of the loads that were added: those in the second of `at`, then those
  /// nearest before it, then those after it. Returns how many the pattern did not have.
  std::uint64_t remove(std::uint32_t pattern, moment at, std::uint64_t count);

  /// The sums over the patterns for which `is_counted` is true, for each second of the run. Later
  /// seconds than the last of about twelve days count as that one.
  [[nodiscard]] std::vector<std::uint64_t> each_second(
      const std::function<bool(std::uint32_t)>& is_counted) const;

 private:
  struct second {
    std::uint32_t at = 0;
    std::uint64_t count = 0;
  };

  std::size_t kept_max_;
  std::size_t kept_ = 0;
  std::unordered_map<std::uint32_t, std::vector<second>> patterns_;  // seconds ascend
};

}  // namespace drover::audit
