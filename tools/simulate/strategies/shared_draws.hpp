// SPDX-License-Identifier: MIT
// Random numbers that all threads of a strategy share.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/random.hpp"

namespace drover::simulate {

/// Threads: any.
class shared_draws {
 public:
  explicit shared_draws(std::uint64_t seed) : random_{seed} {}

  /// Uniform in (0, 1].
  [[nodiscard]] double unit() {
    const std::scoped_lock lock{mutex_};
    return random_.next_unit();
  }

 private:
  std::mutex mutex_;
  base::seeded_random random_;
};

}  // namespace drover::simulate
