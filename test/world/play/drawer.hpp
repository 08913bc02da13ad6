// SPDX-License-Identifier: MIT
// Draws the parts of a plan.
//
// Pure. Threads: one at a time.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "base/random.hpp"
#include "world/play/plan.hpp"

namespace drover::world {

class drawer {
 public:
  // The streams of neighbouring seeds would overlap without the first draw.
  explicit drawer(std::uint64_t seed) : source_{base::seeded_random{seed}.next()} {}

  std::uint64_t below(std::uint64_t limit) { return source_.next() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  microseconds between(microseconds low, microseconds high) {
    return low + microseconds{static_cast<std::int64_t>(
                     below(static_cast<std::uint64_t>((high - low).count()) + 1))};
  }
  /// Short spans are as likely as long ones: each order of magnitude has the same chance.
  microseconds spread(microseconds low, microseconds high) {
    const double from = std::log(static_cast<double>(low.count()));
    const double to = std::log(static_cast<double>(high.count()));
    return microseconds{
        static_cast<std::int64_t>(std::exp(from + (to - from) * source_.next_unit()))};
  }
  duration spread_ms(duration low, duration high) {
    return std::chrono::duration_cast<duration>(spread(low, high));
  }
  template <class Value>
  Value one_of(std::initializer_list<Value> values) {
    return *(values.begin() + below(values.size()));
  }

 private:
  base::seeded_random source_;
};

}  // namespace drover::world
