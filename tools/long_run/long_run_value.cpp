// SPDX-License-Identifier: MIT
#include "long_run/long_run_value.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "entry/early_expiration.hpp"
#include "entry/freshness.hpp"

namespace drover::simulate {
namespace {

double in_seconds(microseconds time) { return std::chrono::duration<double>(time).count(); }

// What TIME would answer.
server_time server_time_at(double now) {
  return server_time{milliseconds{static_cast<std::int64_t>(std::floor(now * 1e3))}};
}

// `-log(unit) * eager >= remaining`, solved for the draw.
double due_up_to(double remaining, double eager) {
  if (remaining <= 0.0) return 1.0;
  return eager > 0.0 ? std::exp(-remaining / eager) : 0.0;
}

}  // namespace

long_run_value::long_run_value(renewal rule, const long_run_request& of)
    : rule_{rule},
      ttl_{in_seconds(of.ttl)},
      delta_{in_seconds(of.load)},
      beta_{of.beta},
      load_{of.load},
      whole_ttl_{of.ttl} {
  if (rule == renewal::drover) delta_ = std::max(delta_, 1e-3);
}

void long_run_value::store(double now) noexcept {
  stored_ = now;
  end_ = now + ttl_;
  if (rule_ != renewal::drover) return;

  const entry::lifetime life = entry::lifetime_of({.ttl = whole_ttl_, .load_time = load_});
  head_.load_us = static_cast<std::uint32_t>(
      std::min<std::int64_t>(load_.count(), std::numeric_limits<std::uint32_t>::max()));
  head_.stored_at = server_time_at(now);
  head_.until = head_.stored_at + life.fresh;
  end_ = in_seconds(head_.until.time_since_epoch());
}

bool long_run_value::is_due(double now, double unit) const noexcept {
  switch (rule_) {
    case renewal::ttl:
    case renewal::ttl_lease: return false;
    case renewal::xfetch: return now - delta_ * beta_ * std::log(unit) >= end_;
    case renewal::xfetch_age: return now - (now - stored_) * beta_ * std::log(unit) >= end_;
    case renewal::drover:
      return entry::is_due_early(head_, server_time_at(now),
                                 {.beta = beta_, .unit = unit, .lead_max = whole_ttl_ / 4});
  }
  return false;
}

double long_run_value::ceiling(double now) const noexcept {
  switch (rule_) {
    case renewal::ttl:
    case renewal::ttl_lease: return 0.0;
    case renewal::xfetch:
    // The server's clock is cut to milliseconds: what remains is never less than this.
    case renewal::drover: return due_up_to(end_ - now, delta_ * beta_);
    case renewal::xfetch_age: return due_up_to(end_ - now, (now - stored_) * beta_);
  }
  return 1.0;
}

}  // namespace drover::simulate
