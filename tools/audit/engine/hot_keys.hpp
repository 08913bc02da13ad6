// SPDX-License-Identifier: MIT
// Chooses keys that the auditor may delete to make them cold, so that it can observe the
// application. These are cached values that are read often. A cache must survive the loss of any
// value, but the loss of a session, a counter or a lock may do harm. Only keys that were missed and
// then stored again are therefore chosen. Pure.
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
  /// Counts the keys of a read. In each window only the first `keys_max` keys are counted.
  void count_read(const event& command);
  /// The hottest key of each pattern in the last complete window, ordered by pattern. Only keys
  /// that match one of the globs are chosen; without globs, all keys match.
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
