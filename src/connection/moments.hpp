// SPDX-License-Identifier: MIT
// Arithmetic with moments and spans that saturates instead of overflowing, because settings and
// deadlines may be "for ever". Pure.
#pragma once

#include <cstdint>
#include <limits>

#include "base/time.hpp"

namespace drover::connection {

[[nodiscard]] constexpr microseconds in_microseconds(milliseconds span) noexcept {
  std::int64_t out = 0;
  if (!__builtin_mul_overflow(span.count(), std::int64_t{1000}, &out)) return microseconds{out};
  return span.count() > 0 ? microseconds::max() : microseconds::min();
}

[[nodiscard]] constexpr microseconds sum(microseconds a, microseconds b) noexcept {
  std::int64_t out = 0;
  if (!__builtin_add_overflow(a.count(), b.count(), &out)) return microseconds{out};
  return b.count() > 0 ? microseconds::max() : microseconds::min();
}

[[nodiscard]] constexpr microseconds times(microseconds span, std::int64_t factor) noexcept {
  std::int64_t out = 0;
  if (!__builtin_mul_overflow(span.count(), factor, &out)) return microseconds{out};
  return (span.count() > 0) == (factor > 0) ? microseconds::max() : microseconds::min();
}

/// The moment `span` after `from`.
[[nodiscard]] constexpr steady_time after(steady_time from, microseconds span) noexcept {
  return steady_time{sum(from.time_since_epoch(), span)};
}
[[nodiscard]] constexpr steady_time after(steady_time from, milliseconds span) noexcept {
  return after(from, in_microseconds(span));
}

/// The time from `from` to `to`; negative when `to` is earlier.
[[nodiscard]] constexpr microseconds between(steady_time from, steady_time to) noexcept {
  std::int64_t out = 0;
  const auto begin = from.time_since_epoch().count();
  const auto end = to.time_since_epoch().count();
  if (!__builtin_sub_overflow(end, begin, &out)) return microseconds{out};
  return end > begin ? microseconds::max() : microseconds::min();
}

}  // namespace drover::connection
