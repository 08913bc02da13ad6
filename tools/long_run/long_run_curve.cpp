// SPDX-License-Identifier: MIT
#include "long_run/long_run_curve.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "entry/freshness.hpp"
#include "long_run/long_run_quadrature.hpp"

namespace drover::simulate {
namespace {

double seconds_in(std::chrono::microseconds time) {
  return std::chrono::duration<double>(time).count();
}

// How the probability of a renewal grows towards the value's end.
class eagerness {
 public:
  eagerness(renewal rule, const long_run_request& of)
      : rule_{rule}, ttl_{seconds_in(of.ttl)}, beta_{of.beta}, widest_{ttl_} {
    double delta = seconds_in(of.load);
    if (rule == renewal::drover) {
      delta = std::max(delta, tick);
      widest_ = ttl_ / 4.0;
    }
    scale_ = beta_ * delta;
  }

  // The integral of p from `near` to `far` before the end; past the end, below 0, p is 1.
  [[nodiscard]] double between(double near, double far) const {
    const double past = std::max(0.0, -near) - std::max(0.0, -far);
    return past + to_end(std::max(far, 0.0)) - to_end(std::max(near, 0.0));
  }

  [[nodiscard]] double at(double left) const {
    if (left <= 0.0) return 1.0;
    if (left >= widest_ || is_never()) return 0.0;
    if (rule_ == renewal::xfetch_age) return std::exp(-left / (beta_ * (ttl_ - left)));
    if (rule_ == renewal::drover) left = std::ceil(left / tick) * tick;
    return std::exp(-left / scale_);
  }

  [[nodiscard]] bool is_never() const {
    return rule_ == renewal::ttl || rule_ == renewal::ttl_lease;
  }

  // An integral over the times to the end, from `from` on; the integrand varies as p does.
  template <typename Function>
  [[nodiscard]] double over(const Function& of, double from) const {
    constexpr int stretches = 16;
    constexpr int even = 512;
    if (rule_ == renewal::xfetch_age) return integral(of, from, ttl_, even);
    return graded_integral(of, from, widest_, scale_ / 4.0, stretches);
  }

 private:
  static constexpr double tick = 1e-3;

  // The integral of p from the end to `left` before it.
  [[nodiscard]] double to_end(double left) const {
    if (is_never()) return 0.0;
    left = std::min(left, widest_);
    if (rule_ == renewal::xfetch_age) return from_birth(ttl_) - from_birth(ttl_ - left);
    if (rule_ != renewal::drover) return -scale_ * std::expm1(-left / scale_);
    // Of steps, whose heights are a geometric sequence.
    const double whole = std::floor(left / tick);
    const double steps = tick * std::expm1(-whole * tick / scale_) / -std::expm1(tick / scale_);
    return steps + (left - whole * tick) * std::exp(-(whole + 1.0) * tick / scale_);
  }

  // The integral of exp((1 - T/s) / b) for the ages s from 0 to `age`.
  [[nodiscard]] double from_birth(double age) const {
    constexpr double vanishes = 600.0;
    const double reach = ttl_ / beta_;
    if (age <= 0.0 || reach / age > vanishes) return 0.0;
    const double e1 = -std::expint(-reach / age);
    return age * std::exp(1.0 / beta_ - reach / age) - reach * std::exp(1.0 / beta_) * e1;
  }

  renewal rule_;
  double ttl_;
  double beta_;
  double widest_;  // never earlier than this before the end
  double scale_ = 1.0;
};

class cycle_curve {
 public:
  cycle_curve(renewal rule, const long_run_request& of, double rate)
      : eager_{rule, of}, rate_{rate}, load_{seconds_in(of.load)}, life_{seconds_in(of.ttl)} {
    has_lease_ = rule == renewal::ttl_lease || rule == renewal::drover;
    if (rule != renewal::drover) return;
    // Counted from the load's start, and from the millisecond in which the value was stored.
    const auto life = entry::lifetime_of({.ttl = of.ttl, .load_time = of.load});
    life_ = seconds_in(life.fresh) - 0.5e-3;
  }

  [[nodiscard]] long_run_point point() const {
    long_run_point made;
    made.missed = unseen(0.0);
    made.lead = eager_.is_never()
                    ? 0.0
                    : eager_.over([&](double left) { return -std::expm1(-hazard(left)); }, 0.0);
    made.loads_per_cycle = 1.0;
    made.interval = load_ + life_ - made.lead + made.missed / rate_;
    if (!has_lease_) {
      made.loads_per_cycle += over_starts([&](double left) { return others(left, 0.0); });
      made.interval += over_starts([&](double left) { return last_after(left); });
    }
    made.waited = missed_or_waited();
    made.queries_per_hour = 3600.0 * made.loads_per_cycle / made.interval;
    return made;
  }

 private:
  [[nodiscard]] double hazard(double left) const {
    constexpr double beginning = 1e9;  // beyond any ttl
    return rate_ * eager_.between(left, beginning);
  }
  [[nodiscard]] double unseen(double left) const { return std::exp(-hazard(left)); }

  // The mean of something that depends on when the first load begins: so long before the end, or
  // at 0, whenever that is, past the end.
  template <typename Function>
  [[nodiscard]] double over_starts(const Function& of) const {
    constexpr int near = 64;
    constexpr double negligible = 1e-15;
    const double late = unseen(0.0) * of(0.0);
    if (eager_.is_never()) return late;
    const auto weighed = [&](double left) {
      const double density = rate_ * eager_.at(left) * unseen(left);
      return density > negligible ? density * of(left) : 0.0;
    };
    return late + integral(weighed, 0.0, load_, near) + eager_.over(weighed, load_);
  }

  // Loads that begin after the first has run for `since` and before it ends.
  [[nodiscard]] double others(double left, double since) const {
    return rate_ * eager_.between(left - load_, left - since);
  }

  // How long after the first load the last one begins. What varies fast is near the window's end,
  // where others begin most often.
  [[nodiscard]] double last_after(double left) const {
    constexpr int panels = 4;
    const double often = rate_ * eager_.at(left - load_);
    const auto some = [&](double before) { return -std::expm1(-others(left, load_ - before)); };
    return graded_integral(some, 0.0, load_, std::min(load_, 0.25 / often), panels);
  }

  [[nodiscard]] double missed_or_waited() const {
    return over_starts([&](double left) {
      return left > 0.0 ? -std::expm1(-rate_ * std::max(0.0, load_ - left)) : 1.0;
    });
  }

  eagerness eager_;
  double rate_;
  double load_;
  double life_;  // from the last store to the value's end
  bool has_lease_ = false;
};

}  // namespace

long_run_point curve_at(renewal rule, const long_run_request& of, double rate) {
  return cycle_curve{rule, of, rate}.point();
}

}  // namespace drover::simulate
