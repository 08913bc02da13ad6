// SPDX-License-Identifier: MIT
// Runs the flights of all caches of one client: passes events to the machines, and carries out
// their actions.
//
// Threads:    any. One mutex guards the table, the turns and the machines. No user code runs and
//             nothing waits while it is held. Actions are carried out after it is unlocked.
// Throws:     nothing, except `join_or_start_flight` and `begin_refresh` when memory runs out. When
//             an action fails for lack of memory or threads, the machine gets a fault.
// Lifetime:   completions refer to the runner, so the store that runs them is destroyed first.
#pragma once

#include <drover/client.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cache/event_reporter.hpp"
#include "cache/failures.hpp"
#include "cache/guarded.hpp"
#include "cache/invalidations.hpp"
#include "cache/live_flight.hpp"
#include "cache/random_draws.hpp"
#include "fetch/flight_table.hpp"
#include "fetch/holder_watch.hpp"
#include "fetch/quiet_keys.hpp"
#include "store/servers.hpp"

namespace drover::detail {

class flight_runner {
 public:
  /// `in_background` gives an offered load to a thread, or with `only_if_free` to a free thread. It
  /// returns false when no thread accepts it.
  flight_runner(const client_options& options, event_reporter& reporter, failures& remembered,
                invalidations& unacknowledged,
                std::function<bool(const flight_ptr&, bool only_if_free)> in_background);

  /// Sets the servers that receive the requests of the machines. Call it before every other member.
  void use(store::servers& on, std::string canary_id);
  /// Call it when the client is being destroyed: after that nothing is sent.
  void close() noexcept { closing_ = true; }

  // --- callers
  struct joined_flight {
    flight_ptr flight;
    std::uint64_t stamp = 0;
  };
  struct join_request {
    std::shared_ptr<cache_part> part;
    const key_names& names;
    fetch::beginning start = fetch::beginning::cold;
    entry::token refused{};
    bool can_lead = true;
    steady_time waits_since{};  ///< the time at which the caller began to need a load
  };
  /// Joins the key's open flight or begins one. Empty when `waiters_max` callers wait already.
  /// Throws: `std::bad_alloc`; the caller has then not joined.
  [[nodiscard]] std::optional<joined_flight> join_or_start_flight(const join_request& request);
  /// The caller leaves. When the last caller leaves and the load does not run, the flight ends.
  void leave(const flight_ptr& flight, bool can_lead) noexcept;

  struct refresh_request {
    std::shared_ptr<cache_part> part;
    const key_names& names;
    entry::token base{};
    steady_time servable_until{};
    erased_value previous{};
    std::string_view previous_payload{};
    bool early = false;
    bool foreground = false;
    bool is_requested = false;  ///< by `refresh`, not by a read of a stale entry
  };
  /// Begins a refresh unless the key has an open flight, another process runs it, or the cache
  /// drains. It runs in the background. With `foreground` the caller joins it instead. A refresh
  /// with `is_requested` asks Redis for the mark even if another process had it shortly before.
  /// Throws: `std::bad_alloc`; nothing has begun then.
  [[nodiscard]] std::optional<joined_flight> begin_refresh(const refresh_request& request);
  /// Begins a load without a caller, for a key that has no usable entry.
  void begin_background_load(const std::shared_ptr<cache_part>& part, const key_names& names,
                             const entry::token& refused);

  struct load_end {
    bool ran = false;  ///< false: another thread has begun the load, or the flight has ended
    std::exception_ptr failure{};  ///< the exception of the loader
    erased_value value{};
    bool is_bypass = false;
  };
  /// The kind of thread that runs a load.
  enum class load_runner : std::uint8_t {
    caller,  ///< a caller that waits for the load, on its own thread
    thread,  ///< a thread of a pool or executor, for callers or for a refresh
  };
  /// Runs the load that the machine offered.
  load_end run_load(const flight_ptr& flight, const erased_loader& loader,
                    load_runner runner) noexcept;
  /// Reports that no thread is available for the load.
  void thread_missing(const flight_ptr& flight) noexcept;

  // --- the server
  /// The server `on` concerns the flights whose keys it has.
  void server_up(const store::redis_store& on, bool is_another_server) noexcept;
  void server_down(const store::redis_store& on) noexcept;
  /// Other servers have these slots now. They know neither the waiters nor the holders.
  void slots_moved(const cluster::slot_set& moved) noexcept;
  void key_changed(std::string_view value_key) noexcept;
  void everything_changed(const store::redis_store& on) noexcept;
  void alarm_rang() noexcept;

  /// This process invalidated or expired the key.
  void key_was_invalidated(std::string_view value_key) noexcept;

  /// Stops the loads of a cache and releases their leases.
  void give_up_leases(const std::shared_ptr<cache_part>& part) noexcept;
  /// Ends a flight for its waiters as cancelled. Used when the load cannot end before these waiters
  /// do.
  void give_up_load(const cache_part& part, std::string_view key) noexcept;
  /// Ends the remaining flights of a cache. Precondition: no call is in progress and no load runs.
  void end_flights(const std::shared_ptr<cache_part>& part) noexcept;

 private:
  using machine_event = void (*)(void* context, fetch::flight& machine, fetch::actions& out);
  struct later;  ///< work that a step decides under the mutex and does after unlocking it

  /// Passes an event to the flight's machine under the mutex, then carries out its actions.
  template <class Event>
  void step(const flight_ptr& flight, Event&& event) noexcept {
    step_with(flight, &event, [](void* context, fetch::flight& machine, fetch::actions& out) {
      (*static_cast<std::remove_reference_t<Event>*>(context))(machine, out);
    });
  }
  void step_with(const flight_ptr& flight, void* context, machine_event event) noexcept;
  [[nodiscard]] live_flight::guarded& in(live_flight& flight)DROVER_REQUIRES(mutex_) {
    return flight.inside;
  }
  [[nodiscard]] bool lend_turn(live_flight& flight) DROVER_REQUIRES(mutex_);
  [[nodiscard]] bool runs_beside(live_flight& flight) DROVER_REQUIRES(mutex_);
  void move_turns(const flight_ptr& flight, fetch::actions& todo, later& after)
      DROVER_REQUIRES(mutex_);
  void publish(live_flight& flight, later& after) DROVER_REQUIRES(mutex_);
  void plan_timer(live_flight& flight) DROVER_REQUIRES(mutex_);
  void clear_timer(live_flight& flight) DROVER_REQUIRES(mutex_);
  [[nodiscard]] flight_ptr make_flight(const std::shared_ptr<cache_part>& part,
                                       const key_names& names, const entry::token& refused,
                                       bool in_background) const;
  void on_time(const flight_ptr& flight) noexcept;

  void perform(const flight_ptr& flight, const fetch::actions& todo) noexcept;
  void perform_one(const flight_ptr& flight, const fetch::action& action);
  void not_done(const flight_ptr& flight, const fetch::action& action) noexcept;
  void send_lease(const flight_ptr& flight, const fetch::action& action);
  void send_renew(const flight_ptr& flight, const entry::token& held);
  void send_fill(const flight_ptr& flight, const fetch::action& action);
  void send_failure(const flight_ptr& flight, const fetch::action& action);
  void send_release(const flight_ptr& flight, const fetch::action& action);
  void send_refresh_mark(const flight_ptr& flight, const fetch::action& action);
  void send_promote(const flight_ptr& flight, const fetch::action& action);
  void lost_lease(const flight_ptr& flight);
  void request_stop(const flight_ptr& flight) noexcept;
  void offer_lead(const flight_ptr& flight);
  void drop_refresh(const flight_ptr& flight) noexcept;
  void count_dropped_refresh(const live_flight& flight, std::string_view why) noexcept;
  void wake_one(live_flight& flight) noexcept;
  void finish(const flight_ptr& flight) noexcept;

  void now_waits(const flight_ptr& flight);
  void listen(const flight_ptr& flight);
  void stop_listening(const flight_ptr& flight);
  [[nodiscard]] bool is_held_here(live_flight& waiting) DROVER_REQUIRES(mutex_);
  void watch_holder(live_flight& flight) DROVER_REQUIRES(mutex_);
  void arm_holder_check() noexcept;
  void check_holders() noexcept;
  void holders_answered(const std::vector<std::uint64_t>& clients,
                        const result<std::vector<std::uint64_t>>& alive) noexcept;

  void count_load(const live_flight& flight, bool is_refresh, bool is_bypass);
  void load_threw(const flight_ptr& flight, const std::exception_ptr& failure, microseconds took);
  void load_brought(const flight_ptr& flight, const erased_load& loaded, microseconds took,
                    bool may_store);

  /// Calls `act` for each flight of one key, or for each flight of all keys that `predicate`
  /// selects, outside the mutex.
  template <class Predicate, class Act>
  void for_flights(std::optional<std::string_view> value_key, const Predicate& predicate,
                   const Act& act) noexcept;

  /// True in a child of `fork`. A loader may fork; when it returns in the child, the runner must
  /// not be used.
  [[nodiscard]] bool is_inherited() const noexcept { return store::fork_count() != born_in_; }

  const std::uint32_t born_in_ = store::fork_count();
  const client_options& options_;
  event_reporter& report_;
  failures& failures_;
  invalidations& invalidations_;
  const std::function<bool(const flight_ptr&, bool only_if_free)> in_background_;
  store::servers* servers_ = nullptr;
  std::string canary_id_;
  std::atomic<bool> closing_{false};
  std::atomic<std::size_t> waiter_count_{0};

  guard_mutex mutex_;
  fetch::flight_table<live_flight> table_ DROVER_GUARDED_BY(mutex_);
  fetch::quiet_keys quiet_ DROVER_GUARDED_BY(mutex_);
  std::uint64_t visits_ DROVER_GUARDED_BY(mutex_) = 0;
  flight_timers timers_ DROVER_GUARDED_BY(mutex_);
  fetch::holder_watch holders_ DROVER_GUARDED_BY(mutex_);
};

}  // namespace drover::detail
