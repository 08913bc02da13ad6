// SPDX-License-Identifier: MIT
// What a worker process does. The driver passes it on the worker's command line.
#pragma once

#include <drover/policy.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "history/checker.hpp"

namespace drover::campaign {

/// The client under test. All but the first are broken on purpose: the checker must find them.
enum class client_kind : std::uint32_t {
  drover,
  skips_invalidation,  ///< reports an invalidation as acknowledged without sending it
  unfenced,            ///< stores what it loaded with SET, whatever happened during the load
  loses_place,         ///< leaves the reply of a cancelled command for the next one
};

struct worker_plan {
  std::string folder{};
  std::string url{};
  std::uint32_t process = 0;
  std::uint64_t seed = 1;
  std::uint32_t threads = 4;
  std::uint32_t keys = 40;  ///< of each cache
  client_kind client = client_kind::drover;
  std::uint32_t changes_per_mille = 30;
  std::uint32_t pause_us = 300;  ///< the longest pause between two operations of a thread
  /// Long times without changes, limits and failures, for figures.
  bool is_calm = false;

  [[nodiscard]] std::vector<std::string> arguments() const;
  /// Throws std::invalid_argument.
  [[nodiscard]] static worker_plan from_arguments(const std::vector<std::string>& arguments);

  [[nodiscard]] std::string origin_path() const { return folder + "/origin"; }
  [[nodiscard]] std::string record_path() const {
    return folder + "/records" + std::to_string(process);
  }
};

/// The name of the cache: 0 or 1. The loader of cache 1 reads cache 0.
[[nodiscard]] std::string cache_name(std::uint32_t cache);
[[nodiscard]] policy policy_of(std::uint32_t cache, bool is_calm);
[[nodiscard]] std::vector<history::cache_rules> rules_of_caches(bool is_calm);

}  // namespace drover::campaign
