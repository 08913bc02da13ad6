// SPDX-License-Identifier: MIT
#include "audit/advice/advice.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "text/words.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

/// A ttl of less than this many loads keeps the origin busy for most of the time.
constexpr int loads_per_ttl_min = 20;
constexpr moment ttl_if_none = 1h;
constexpr double jitter_wanted = 0.1;
/// A key that is read this often while it is loaded makes callers wait.
constexpr double reads_per_load_min = 1;
constexpr int loads_per_early_refresh = 2;
constexpr int early_share_max = 4;  // of the ttl
constexpr int loads_per_lease = 3;
constexpr moment lease_min = 1s;
/// z of the 90th percentile of a normal distribution.
constexpr double z90 = 1.2816;

moment quantile(std::vector<moment> values, double share) {
  if (values.empty()) return {};
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

std::string in_words(moment time) { return text::in_words(std::chrono::nanoseconds{time}); }

/// The simulator's distribution that fits the recorded loads.
simulate::load_time load_time_of(const pattern_demand& demand) {
  const double median =
      std::max(0.001, static_cast<double>(quantile(demand.load_times, 0.5).count()) / 1000);
  const double p90 = static_cast<double>(quantile(demand.load_times, 0.9).count()) / 1000;
  const double sigma = p90 > median ? std::min(std::log(p90 / median) / z90, 9.0) : 0.0;
  char text[64];
  std::snprintf(text, sizeof text, "lognormal:%.3f:%.3f", std::min(median, 60'000.0), sigma);
  if (auto fitted = simulate::load_time::parse(text)) return *std::move(fitted);
  return *simulate::load_time::parse("0");
}

/// The most reads of one key per second, measured from its first to its last read.
double hottest_rate(const pattern_demand& demand) {
  double hottest = 0;
  for (const key_demand& key : demand.keys) {
    if (key.reads.size() < 2) continue;
    const std::chrono::duration<double> time = key.reads.back() - key.reads.front();
    if (time.count() > 0) {
      hottest = std::max(hottest, static_cast<double>(key.reads.size()) / time.count());
    }
  }
  return hottest;
}

void recommend_ttl(pattern_advice& advice, const pattern_demand& demand) {
  const bool has_none = demand.stores_without_ttl > demand.ttls.size();
  if (has_none) {
    advice.ttl = {};
    advice.settings.ttl = ttl_if_none;
    advice.reasons.push_back(
        "ttl: values are stored without one, so a value that nobody "
        "invalidates stays for ever");
    return;
  }
  const moment least = loads_per_ttl_min * advice.load_p99;
  advice.settings.ttl = std::max(advice.ttl, least);
  if (advice.ttl < least) {
    advice.reasons.push_back("ttl: " + in_words(advice.ttl) + " is less than " +
                             std::to_string(loads_per_ttl_min) + " loads of " +
                             in_words(advice.load_p99) + " (p99)");
  }
}

void recommend_jitter(pattern_advice& advice) {
  advice.settings.jitter = std::max(advice.ttl_spread, advice.keys > 1 ? jitter_wanted : 0.0);
  if (advice.settings.jitter <= advice.ttl_spread) return;
  advice.reasons.emplace_back("jitter: keys that are stored together end together");
}

void recommend_early_refresh(pattern_advice& advice, const pattern_demand& demand) {
  const std::chrono::duration<double> load = advice.load_median;
  const double waiting = hottest_rate(demand) * load.count();
  if (waiting < reads_per_load_min) return;
  advice.settings.early_refresh =
      std::min(loads_per_early_refresh * advice.load_p99, advice.settings.ttl / early_share_max);
  char count[32];
  std::snprintf(count, sizeof count, "%.0f", waiting);
  advice.reasons.push_back("early refresh: up to " + std::string{count} +
                           " reads of one key come during one load, and need not wait");
}

void recommend_lease(pattern_advice& advice, const pattern_demand& demand) {
  const bool is_needed = demand.stampedes > 0 || demand.is_locked ||
                         demand.contended_cold_events > 0 ||
                         advice.settings.early_refresh > moment{};
  if (!is_needed) return;
  advice.settings.has_lease = true;
  advice.lease = std::max(lease_min, loads_per_lease * advice.load_p99);
  if (demand.stampedes > 0) {
    advice.reasons.push_back(
        "lease: " + text::counted(demand.stampedes, "cold event", "cold events") +
        " had several loads");
  } else {
    advice.reasons.emplace_back("lease: several callers want a key while it is loaded");
  }
}

}  // namespace

std::vector<pattern_advice> advise(const recorded_demand& demand) {
  std::vector<pattern_advice> all;
  for (const pattern_demand& pattern : demand.patterns) {
    pattern_advice advice;
    advice.pattern = pattern.pattern;
    advice.keys = pattern.keys.size();
    advice.reads = pattern.reads;
    advice.loads = pattern.loads;
    advice.load_median = quantile(pattern.load_times, 0.5);
    advice.load_p99 = quantile(pattern.load_times, 0.99);
    advice.ttl = quantile(pattern.ttls, 0.5);
    if (advice.ttl > moment{}) {
      const moment range = quantile(pattern.ttls, 0.95) - quantile(pattern.ttls, 0.05);
      advice.ttl_spread = std::min(
          0.5, static_cast<double>(range.count()) / 2 / static_cast<double>(advice.ttl.count()));
    }
    recommend_ttl(advice, pattern);
    recommend_jitter(advice);
    recommend_early_refresh(advice, pattern);
    recommend_lease(advice, pattern);
    const simulate::load_time load = load_time_of(pattern);
    base::seeded_random random{1};
    for (const key_demand& key : pattern.keys) {
      advice.predicted += predict(key, advice.settings, load, random);
    }
    all.push_back(std::move(advice));
  }
  return all;
}

}  // namespace drover::audit
