// SPDX-License-Identifier: MIT
// When which key is made cold: each pattern some times, at random moments, with time to settle in
// between. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/engine/hot_keys.hpp"
#include "base/random.hpp"

namespace drover::audit {

class cold_plan {
 public:
  struct pace {
    moment baseline = std::chrono::seconds{10};  ///< nothing is done before
    unsigned each = 5;                           ///< times for a pattern, at least
    moment settle_min = std::chrono::seconds{2};
    unsigned settle_loads = 5;  ///< or as long as so many loads take, if that is longer
    moment spread = std::chrono::seconds{1};  ///< the random part of each pause
  };
  cold_plan(pace with, std::uint64_t seed) : pace_{with}, random_{seed} {}

  /// The key to make cold now; nullopt: none yet. `hot` may change from call to call.
  [[nodiscard]] std::optional<hot_key> next(const std::vector<hot_key>& hot, moment now);
  /// It was done, or could not be.
  void done(const hot_key& what, moment now, bool was_there);

  /// How often each pattern was made cold.
  [[nodiscard]] const std::map<std::string, unsigned>& times() const noexcept { return times_; }

 private:
  [[nodiscard]] moment draw() noexcept;
  [[nodiscard]] unsigned times_of(const hot_key& what) const;

  pace pace_;
  base::seeded_random random_;
  std::map<std::string, unsigned> times_;
  std::map<std::string, moment> not_before_;
};

}  // namespace drover::audit
