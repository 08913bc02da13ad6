// SPDX-License-Identifier: MIT
// Sums and differences of times that saturate at the limits of the type. Times in an entry come
// from the wire and may have any value.
#pragma once

#include <concepts>
#include <limits>

namespace drover::entry {

template <std::signed_integral Signed>
[[nodiscard]] constexpr Signed saturating_add(Signed left, Signed right) noexcept {
  Signed sum{};
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return right < 0 ? std::numeric_limits<Signed>::min() : std::numeric_limits<Signed>::max();
}

template <std::signed_integral Signed>
[[nodiscard]] constexpr Signed saturating_subtract(Signed left, Signed right) noexcept {
  Signed difference{};
  if (!__builtin_sub_overflow(left, right, &difference)) return difference;
  return right < 0 ? std::numeric_limits<Signed>::max() : std::numeric_limits<Signed>::min();
}

}  // namespace drover::entry
