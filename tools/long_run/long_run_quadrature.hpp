// SPDX-License-Identifier: MIT
// Integrals by Gauss and Legendre's rule with five points in each of many panels: no adaption, so
// that a result depends on nothing but the call. Exact for polynomials up to degree 9 in a panel.
#pragma once

#include <algorithm>
#include <array>

namespace drover::simulate {

/// From `from` to `to` in panels of one width, over which the integrand should vary little.
template <typename Function>
[[nodiscard]] double integral(const Function& of, double from, double to, int panels) {
  struct point {
    double at, weight;
  };
  constexpr std::array<point, 5> points{{{-0.9061798459386640, 0.2369268850561891},
                                         {-0.5384693101056831, 0.4786286704993665},
                                         {0.0, 0.5688888888888889},
                                         {0.5384693101056831, 0.4786286704993665},
                                         {0.9061798459386640, 0.2369268850561891}}};
  const double half = (to - from) / (2.0 * panels);
  double sum = 0.0;
  for (int panel = 0; panel < panels; ++panel) {
    const double middle = from + half * (2.0 * panel + 1.0);
    for (const point& each : points) sum += each.weight * of(middle + half * each.at);
  }
  return sum * half;
}

/// The same with stretches that double, the first of them `scale` long: for an integrand that has
/// its features near `from`, at that scale, and fades away from it.
template <typename Function>
[[nodiscard]] double graded_integral(const Function& of, double from, double to, double scale,
                                     int panels) {
  double sum = 0.0;
  for (double length = scale; from < to; length *= 2.0) {
    const double end = std::min(from + length, to);
    sum += integral(of, from, end, panels);
    from = end;
  }
  return sum;
}

}  // namespace drover::simulate
