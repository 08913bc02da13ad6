// SPDX-License-Identifier: MIT
// A flight with what the shell keeps beside the machine: the futex word that callers wait on, the
// result, and the timer.
//
// Threads: atomics by any. `guarded` by the runner's mutex, through the runner. `result` and
//          `ending` are written under that mutex before `ended` or `value_for_stamps` is set, and
//          never after.
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

namespace drover::detail {

/// A key under all its names.
struct key_names {
  key_names(const entry::key_space& in, std::string_view user_key)
      : key{user_key}, value_key{in.value_key(user_key)}, digest{in.digest(user_key)} {}

  std::string key;
  std::string value_key;
  std::uint64_t digest;
};

/// What a load brought, for its callers and for Redis.
struct load_result {
  steady_time began{};
  microseconds took{};
  erased_value value;
  bool is_absent = false;
  std::string payload;
  entry::lifetime times;
  std::exception_ptr failure;
  std::string failure_text;  ///< only when it is shared with other processes
  milliseconds pause{};
};

using flight_timers = std::multimap<steady_time, live_flight*>;

struct live_flight : std::enable_shared_from_this<live_flight> {
  live_flight(std::shared_ptr<cache_part> cache, key_names named, fetch::flight_settings with,
              bool behind_callers)
      : of{std::move(cache)},
        names{std::move(named)},
        in_background{behind_callers},
        is_claimed{behind_callers},
        inside{std::move(with), *this} {}

  const std::shared_ptr<cache_part> of;
  const key_names names;
  const bool in_background;  ///< a refresh without callers: it does not end when callers leave

  wait_word word;
  std::atomic<bool> ended{false};
  std::atomic<bool> may_begin{false};        ///< granted, but the load has not begun
  std::atomic<bool> has_thread{false};       ///< a thread was asked to begin it
  std::atomic<bool> needs_waiters{false};    ///< in the background, but no thread took it
  std::atomic<bool> has_free_thread{false};  ///< that thread is not busy: the load begins at once
  std::atomic<bool> awaits_reply{false};     ///< `flight::awaits_reply()`
  std::atomic<bool> is_claimed;              ///< one caller was told that the load was its own
  std::atomic<std::uint64_t> let_go_from{UINT64_MAX};
  std::atomic<std::uint64_t> value_for_stamps{
      0};  ///< callers with smaller stamps may have the value, stored or not

  std::atomic<std::size_t> waiters{0};  ///< grows under the runner's mutex only
  std::atomic<std::size_t> leaders{0};  ///< of these, those that can run a load

  // Set before the load begins.
  bool is_early = false;         ///< a refresh before the ttl was over
  erased_value previous;         ///< the value that is replaced, decoded; or
  std::string previous_payload;  ///< as it was read
  std::stop_source stop;
  std::shared_ptr<std::atomic<bool>> lease_lost = std::make_shared<std::atomic<bool>>(false);

  /// The key had a pending invalidation when the flight's last LEASE was sent.
  bool read_while_pending = false;
  load_result result;
  fetch::ending ending;
  bool ending_is_known = false;

 private:
  friend class flight_runner;

  struct guarded {
    guarded(fetch::flight_settings with, live_flight& owner) : machine{std::move(with)} {
      flight_timers timers;
      timers.emplace(steady_time{}, &owner);
      spare_timer = timers.extract(timers.begin());
    }

    fetch::flight machine;
    std::uint64_t visit = 0;   ///< the last walk over all flights that came by
    bool shares_turn = false;  ///< a member is inside a load: the flight shares its turn
    bool holding_pushes = false;
    bool timer_is_set = false;
    flight_timers::iterator timer{};
    flight_timers::node_type spare_timer;  ///< kept, so that setting a timer needs no memory
    bool is_watching = false;              ///< its holder, by the holder watch
    std::uint64_t listening_on = 0;  ///< the connection on which its wake channel is heard; 0: none
    std::optional<steady_time> poll_at;
    milliseconds poll_every{0};
  };
  guarded inside;
};

}  // namespace drover::detail
