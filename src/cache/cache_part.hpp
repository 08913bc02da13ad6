// SPDX-License-Identifier: MIT
// What belongs to one cache and is shared with its flights, which may outlast the cache by a reply.
#pragma once

#include <drover/detail/engine.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cache/counters.hpp"
#include "entry/keys.hpp"
#include "fetch/load_limiter.hpp"

namespace drover::detail {

struct live_flight;
using flight_ptr = std::shared_ptr<live_flight>;

struct cache_part {
  cache_part(cache_options options, value_type values, erased_loader asked)
      : policy{options.policy},
        keys{options.name, options.schema},
        type{values},
        loader{std::move(asked)},
        turns{policy.bypass_max} {
    for (const std::uint32_t schema : options.also_invalidates) {
      also_invalidates.emplace_back(options.name, schema);
    }
  }

  const drover::policy policy;
  const entry::key_space keys;
  std::vector<entry::key_space> also_invalidates;
  const value_type type;
  erased_loader loader;  ///< emptied when the cache goes, after the last load
  counters counted;
  fetch::load_limiter<flight_ptr> turns;  ///< guarded by the core's mutex

  std::atomic<bool> draining{false};

  /// Guards the two below.
  std::mutex running_mutex;
  std::condition_variable running_ended;
  std::size_t running = 0;
};

}  // namespace drover::detail
