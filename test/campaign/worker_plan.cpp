// SPDX-License-Identifier: MIT
#include "campaign/worker_plan.hpp"

#include <chrono>
#include <stdexcept>

#include "campaign/origin_table.hpp"

namespace drover::campaign {

using namespace std::chrono_literals;

std::vector<std::string> worker_plan::arguments() const {
  return {folder,
          url,
          std::to_string(process),
          std::to_string(seed),
          std::to_string(threads),
          std::to_string(keys),
          std::to_string(static_cast<std::uint32_t>(client)),
          std::to_string(changes_per_mille),
          std::to_string(pause_us),
          is_calm ? "1" : "0"};
}

worker_plan worker_plan::from_arguments(const std::vector<std::string>& arguments) {
  if (arguments.size() != 10) throw std::invalid_argument{"a worker needs ten arguments"};
  const auto number = [&](std::size_t i) {
    return static_cast<std::uint32_t>(std::stoul(arguments[i]));
  };
  worker_plan plan{.folder = arguments[0], .url = arguments[1]};
  plan.process = number(2);
  plan.seed = std::stoull(arguments[3]);
  plan.threads = number(4);
  plan.keys = number(5);
  plan.client = static_cast<client_kind>(number(6));
  plan.changes_per_mille = number(7);
  plan.pause_us = number(8);
  plan.is_calm = arguments[9] == "1";
  if (plan.keys == 0 || plan.keys > keys_max) throw std::invalid_argument{"too many keys"};
  return plan;
}

std::string cache_name(std::uint32_t cache) { return cache == 0 ? "items" : "pages"; }

policy policy_of(std::uint32_t cache, bool is_calm) {
  policy times;
  if (is_calm) {
    times.ttl = 1h;
    times.early_beta = 0;
    times.lease_ttl = 5min;
    times.load_max = 10min;
    return times;
  }
  times.ttl = cache == 0 ? 400ms : 700ms;
  times.grace = cache == 0 ? 300ms : 0ms;
  times.lease_ttl = 400ms;
  times.load_max = 5s;
  times.failure_pause_max = 200ms;
  return times;
}

std::vector<history::cache_rules> rules_of_caches(bool is_calm) {
  std::vector<history::cache_rules> all;
  for (std::uint32_t cache = 0; cache < cache_count; ++cache) {
    const policy times = policy_of(cache, is_calm);
    all.push_back({.ttl_ms = static_cast<std::uint64_t>(times.ttl.count()),
                   .grace_ms = static_cast<std::uint64_t>(times.grace.count()),
                   .lease_ms = static_cast<std::uint64_t>(times.lease_ttl.count())});
  }
  return all;
}

}  // namespace drover::campaign
