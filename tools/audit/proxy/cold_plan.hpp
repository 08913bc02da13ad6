// SPDX-License-Identifier: MIT
// Plans the deletions of hot keys: each pattern several times, at random moments, with time for the
// cache to recover in between. Pure.
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
    /// The plan starts after this time.
    moment baseline = std::chrono::seconds{10};
    /// How often each pattern is deleted before the pauses get longer.
    unsigned deletions_per_pattern = 5;
    moment settle_min = std::chrono::seconds{2};
    /// The pause after a deletion lasts at least as long as this number of loads.
    unsigned settle_loads = 5;
    /// The random part of each pause.
    moment spread = std::chrono::seconds{1};
  };
  cold_plan(pace rhythm, std::uint64_t seed) : pace_{rhythm}, random_{seed} {}

  /// Returns the key to delete now; nullopt: none yet. `hot` may differ from call to call.
  [[nodiscard]] std::optional<hot_key> next(const std::vector<hot_key>& hot, moment now);
  /// Reports that `key` was deleted, or that it was missing already.
  void done(const hot_key& key, moment now, bool was_present);

  /// How often each pattern was deleted.
  [[nodiscard]] const std::map<std::string, unsigned>& deletions() const noexcept {
    return deletions_;
  }

 private:
  [[nodiscard]] moment draw() noexcept;
  [[nodiscard]] unsigned deletions_of(const hot_key& key) const;

  pace pace_;
  base::seeded_random random_;
  std::map<std::string, unsigned> deletions_;
  std::map<std::string, moment> not_before_;
};

}  // namespace drover::audit
