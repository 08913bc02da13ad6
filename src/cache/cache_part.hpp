// SPDX-License-Identifier: MIT
// The state of one cache that its flights share. A flight may outlive the cache until its last
// reply comes.
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
#include "fetch/load_turns.hpp"
#include "store/fork_count.hpp"

namespace drover::detail {

struct live_flight;
using flight_ptr = std::shared_ptr<live_flight>;

struct cache_part {
  cache_part(cache_options options, value_type values, erased_loader cache_loader)
      : policy{options.policy},
        keys{options.name, options.schema},
        type{values},
        loader{std::move(cache_loader)},
        turns{policy.bypass_max, policy.bypass_queue_max} {
    for (const std::uint32_t schema : options.also_invalidates) {
      also_invalidates.emplace_back(options.name, schema);
    }
  }

  const drover::policy policy;
  const entry::key_space keys;
  std::vector<entry::key_space> also_invalidates;
  const value_type type;
  /// Destroying the cache empties it, after the last load.
  erased_loader loader;
  counters counted;
  fetch::load_turns<flight_ptr> turns;  ///< guarded by the runner's mutex

  std::atomic<bool> draining{false};
  /// True when the cache was destroyed inside its own loader. The last load to end then destroys
  /// the loader, so that the user's captures are not destroyed on a thread of the client.
  std::atomic<bool> ends_with_its_loads{false};

  /// Guards `running`; used with `running_ended`.
  std::mutex running_mutex;
  std::condition_variable running_ended;
  std::size_t running = 0;
};

/// Counts a load as running while it is in scope.
class running_load {
 public:
  explicit running_load(cache_part& part) : part_{part} {
    const std::scoped_lock lock{part_.running_mutex};
    ++part_.running;
  }
  // Notifies under the mutex, because the waiter may destroy the condition variable as soon as the
  // mutex is free.
  ~running_load() {
    if (store::fork_count() != began_in_) return;  // in a fork the lock may be held for ever
    const std::scoped_lock lock{part_.running_mutex};
    --part_.running;
    part_.running_ended.notify_all();
  }
  running_load(const running_load&) = delete;
  running_load& operator=(const running_load&) = delete;

 private:
  cache_part& part_;
  const std::uint32_t began_in_ = store::fork_count();
};

}  // namespace drover::detail
