// SPDX-License-Identifier: MIT
#include <drover/policy.hpp>

#include <cmath>
#include <string>

namespace drover {

namespace {

constexpr duration longest{std::chrono::hours{24 * 365 * 10}};

std::optional<std::string> fault_in_times(const policy& checked) {
  const struct {
    const char* name;
    duration value;
  } times[] = {{"ttl", checked.ttl},
               {"grace", checked.grace},
               {"absent_ttl", checked.absent_ttl},
               {"lease_ttl", checked.lease_ttl},
               {"load_max", checked.load_max},
               {"wait_max", checked.wait_max},
               {"uncacheable_ttl", checked.uncacheable_ttl},
               {"failure_pause_max", checked.failure_pause_max}};
  for (const auto& time : times) {
    if (time.value < duration::zero()) {
      return std::string{"policy."} + time.name + " must not be negative";
    }
    if (time.value > longest) {
      return std::string{"policy."} + time.name + " must be at most ten years";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> validate(const policy& checked) {
  if (checked.ttl == duration::zero()) {
    return "policy.ttl is required and must be positive: say how long a value is fresh";
  }
  if (auto times = fault_in_times(checked)) return times;
  if (checked.lease_ttl < duration{100}) {
    return "policy.lease_ttl must be at least 100 ms, or a pause of the holder costs a second load";
  }
  if (checked.load_max < checked.lease_ttl) {
    return "policy.load_max must not be shorter than policy.lease_ttl";
  }
  if (!std::isfinite(checked.early_beta) || checked.early_beta < 0 || checked.early_beta > 1000) {
    return "policy.early_beta must be from 0 (off) to 1000; 1 is usual";
  }
  if (!std::isfinite(checked.ttl_jitter) || checked.ttl_jitter < 0 || checked.ttl_jitter >= 1) {
    return "policy.ttl_jitter must be at least 0 and below 1; 0.1 is usual";
  }
  if (checked.bypass_max == 0) {
    return "policy.bypass_max must be at least 1, or nothing could be loaded while Redis is away";
  }
  return std::nullopt;
}

}  // namespace drover
