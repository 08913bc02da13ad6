// SPDX-License-Identifier: MIT
// A flight machine and the state that the shell keeps with it: the futex word that callers wait on,
// the result, and the timer.
//
// Threads: any thread may use the atomics. The runner's mutex protects `guarded`; use it through
//          the runner. `result` and `ending` are written under that mutex before `ended` or
//          `value_for_stamps` is set, and never after.
#pragma once

#include <drover/detail/engine.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/time.hpp"
#include "cache/cache_part.hpp"
#include "cache/wait_word.hpp"
#include "entry/freshness.hpp"
#include "fetch/flight.hpp"
#include "store/redis_store.hpp"

namespace drover::detail {

/// A key with its name in Redis and its digest.
struct key_names {
  key_names(const entry::key_space& key_space, std::string_view user_key)
      : key{user_key},
        value_key{key_space.value_key(user_key)},
        digest{key_space.digest(user_key)} {}

  std::string key;
  std::string value_key;
  std::uint64_t digest;
};

/// The result of a load, for its callers and for Redis.
struct load_result {
  steady_time began{};
  microseconds took{};
  erased_value value;
  bool is_absent = false;
  std::string payload;
  entry::lifetime times;
  std::exception_ptr failure;
  std::string failure_text;  ///< set only when other processes may see it
  milliseconds pause{};
};

using flight_timers = std::multimap<steady_time, live_flight*>;

struct live_flight : std::enable_shared_from_this<live_flight> {
  live_flight(std::shared_ptr<cache_part> cache, key_names named, fetch::flight_settings settings,
              bool behind_callers)
      : part{std::move(cache)},
        names{std::move(named)},
        in_background{behind_callers},
        is_claimed{behind_callers},
        inside{std::move(settings), *this} {}

  const std::shared_ptr<cache_part> part;
  const key_names names;
  const bool in_background;  ///< the load runs without callers and does not end when callers leave

  wait_word word;
  std::atomic<bool> ended{false};
  std::atomic<bool> may_begin{false};   ///< the load was granted and has not begun
  std::atomic<bool> has_thread{false};  ///< the load was given to a thread
  /// A background load that no thread accepted: a waiter must run it.
  std::atomic<bool> needs_waiters{false};
  std::atomic<bool> has_free_thread{false};  ///< that thread is free, so the load begins at once
  std::atomic<bool> awaits_reply{false};     ///< a copy of `flight::awaits_reply()`
  std::atomic<bool> is_claimed;              ///< one caller has counted the load as its own
  std::atomic<std::uint64_t> let_go_from{UINT64_MAX};
  /// Callers with smaller stamps may have the value, stored or not.
  std::atomic<std::uint64_t> value_for_stamps{0};

  std::atomic<std::size_t> waiters{0};  ///< grows under the runner's mutex only
  std::atomic<std::size_t> leaders{0};  ///< the waiters that can run a load

  // These are set before the load begins.
  bool is_early = false;         ///< a refresh before the ttl ended
  erased_value previous;         ///< the value that the load replaces, decoded
  std::string previous_payload;  ///< the same value as read from Redis, if it is not decoded yet
  std::stop_source stop;
  std::shared_ptr<std::atomic<bool>> lease_lost = std::make_shared<std::atomic<bool>>(false);

  /// The key had a pending invalidation when the flight's last LEASE was sent.
  bool read_while_pending = false;
  /// The server that answered that LEASE.
  const store::redis_store* read_at = nullptr;
  load_result result;
  fetch::ending ending;
  bool ending_is_known = false;

 private:
  friend class flight_runner;

  struct guarded {
    guarded(fetch::flight_settings settings, live_flight& owner) : machine{std::move(settings)} {
      flight_timers timers;
      timers.emplace(steady_time{}, &owner);
      spare_timer = timers.extract(timers.begin());
    }

    fetch::flight machine;
    std::uint64_t visit = 0;  ///< number of the last walk over all flights that visited this one
    /// A caller joined from inside a load: the flight shares the turn of that load.
    bool shares_turn = false;
    store::redis_store* holds_pushes_of = nullptr;  ///< the server whose pushes are held
    bool timer_is_set = false;
    flight_timers::iterator timer{};
    flight_timers::node_type spare_timer;  ///< kept so that setting a timer allocates nothing
    bool is_watching = false;              ///< the holder watch checks the holder
    /// The server and the connection where the flight is subscribed to its wake channel.
    store::redis_store* listens_at = nullptr;
    std::uint64_t listening_on = 0;  ///< 0: none
    bool is_tracked = true;          ///< a push says that the key has changed
    std::optional<steady_time> poll_at;
    milliseconds poll_every{0};
  };
  guarded inside;
};

}  // namespace drover::detail
