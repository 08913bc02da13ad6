// SPDX-License-Identifier: MIT
// Which keys may be made cold on purpose, to see what the application does: values of a cache that
// are read often. A cache must survive that a value goes away at any time; a session, a counter or
// a lock need not, so that only keys are chosen that were missed and then stored again before.
// Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/capture/event.hpp"
#include "audit/engine/rule_context.hpp"

namespace drover::audit {

struct hot_key {
  std::uint32_t database = 0;
  std::string name;
  std::string pattern;
  double reads_per_second = 0;
  moment delta{};  ///< the load time of its pattern
};

/// Threads: one at a time.
class hot_keys {
 public:
  /// Counts reads. Bounded: of a window's keys the first `keys_max` are counted.
  void count_read(const event& command);
  /// The hottest key of each pattern, of those that match one of the globs (no glob: all), by the
  /// names of their patterns. Looks back over the last whole window.
  [[nodiscard]] std::vector<hot_key> choose(const rule_context& context,
                                            const std::vector<std::string>& allowed) const;

  static constexpr moment window = std::chrono::seconds{2};
  static constexpr double reads_per_second_min = 5;
  static constexpr std::size_t keys_max = 4096;

 private:
  using identity = std::pair<std::uint32_t, std::string>;
  std::map<identity, std::uint64_t, std::less<>> current_window_;
  std::map<identity, std::uint64_t, std::less<>> last_window_;
  moment window_began_{};
};

}  // namespace drover::audit
