// SPDX-License-Identifier: MIT
// What a long run must find, worked out instead of simulated. Pure.
//
// l requests per second, load time d, eagerness b, ttl T, x = time to the value's end.
//
// 1. A request renews with probability p(x), so the first load begins at x with density
//    l p(x) exp(-H(x)), where H(x) = l * (integral of p from x to the value's beginning), and the
//    value is missed with probability exp(-H(0)); then the load begins 1/l after the end on
//    average.
//      ttl          p = 0
//      xfetch       p = exp(-x / (b d)),           H(x) = l b d (exp(-x / (b d)) - exp(-T / (b d)))
//      drover       the same, but 0 for x > T / 4, and x is counted in milliseconds, rounded up
//      xfetch_age   p = exp(-x / (b a)), a = T - x,  H(x) = l (a exp((1 - T/a) / b)
//                                                         - T/b exp(1/b) E1(T / (b a)))
// 2. Mean lead: the integral of 1 - exp(-H(x)). For xfetch that is b d Ein(l b d).
// 3. A load that begins at x stores its value d later. Until then, without a lease,
//    M(v) = l * (integral of p(x - w) for w from 0 to v) others begin within v, with p = 1 past the
//    end. Loads in a cycle: 1 + M(d); for ttl 1 + l d; for xfetch they approach exp(1 / b) where
//    l d is large, since H(x) of the first load is exponentially distributed. Each of them stores
//    again when it ends, so the value's time begins with the last one: later by the integral of
//    1 - exp(-(M(d) - M(v))).
// 4. Interval: d + that + (the value's time - mean lead + miss / l). For xfetch_age nearly all of
//    it is the integral of exp(-l (integral of exp((1 - T/s) / b) for s from 0 to a)) for a from 0
//    to T: the load time is not in it.
// 5. Somebody waits when the value is missed, or when the load begins at x < d and a request comes
//    in the d - x after the end.
#pragma once

#include "long_run/long_run.hpp"

namespace drover::simulate {

struct long_run_point {
  double queries_per_hour = 0.0;
  double interval = 0.0;
  double loads_per_cycle = 0.0;
  double missed = 0.0;
  double waited = 0.0;
  double lead = 0.0;
};

/// Units and meanings as in long_run_row. Good to 1 in 10,000, for drover, with its steps, to 1 in
/// 1,000. Requires that there is no `fault_in` the request. Takes milliseconds of real time.
[[nodiscard]] long_run_point curve_at(renewal rule, const long_run_request& of, double rate);

}  // namespace drover::simulate
