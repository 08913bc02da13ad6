// SPDX-License-Identifier: MIT
// What all caches of one client share: the store, the table of flights, timers, the pool, the
// journal. It steps the machines and does what they ask for.
//
// Threads:    any. One mutex guards the table and the machines; no user code and no waiting happens
//             under it, and actions are carried out after it is let go.
// Lifetime:   completions and timers point at the core; its destructor ends the channel first,
//             which runs or drops each of them. No caller may be inside.
#pragma once

#include <drover/client.hpp>
#include <drover/detail/engine.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cache/background_pool.hpp"
#include "cache/live_flight.hpp"
#include "fetch/failure_memory.hpp"
#include "fetch/journal.hpp"
#include "store/redis_store.hpp"

namespace drover::detail {

/// A draw from (0, 1] by this thread's own generator.
[[nodiscard]] double draw();
/// 128 bits from the operating system.
[[nodiscard]] entry::token random_token();

class core {
 public:
  core(client_options options, connection::endpoint at);
  ~core();
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  [[nodiscard]] const client_options& options() const noexcept { return options_; }
  store::redis_store& redis() noexcept { return *store_; }
  background_pool& pool() noexcept { return pool_; }

  /// False when the name and schema are taken.
  [[nodiscard]] bool take_name(const std::string& name, std::uint32_t schema);
  void free_name(const std::string& name, std::uint32_t schema);

  // --- flights
  struct boarding {
    flight_ptr flight;
    std::uint64_t stamp = 0;
  };
  enum class beginning : std::uint8_t { cold, bypass };
  struct boarding_request {
    std::shared_ptr<cache_part> of;
    const key_names& names;
    beginning how = beginning::cold;
    entry::token refused{};
    bool solo = false;
  };
  /// Joins the key's open flight or begins one. Empty when `waiters_max` callers wait already.
  [[nodiscard]] std::optional<boarding> board(const boarding_request& request);
  /// The caller goes. The last one ends a flight that nobody loads.
  void leave(const flight_ptr& flight);
  /// Begins a refresh unless the key has an open flight, a pause, or the cache drains. In the
  /// background; or, `foreground`, with the caller aboard.
  struct refresh_request {
    std::shared_ptr<cache_part> of;
    const key_names& names;
    entry::token base{};
    steady_time servable_until{};
    erased_value previous{};
    bool early = false;
    bool foreground = false;
  };
  [[nodiscard]] std::optional<boarding> begin_refresh(const refresh_request& request);

  /// Steps the flight's machine under the mutex, then does what it asks for.
  void step(const flight_ptr& flight,
            const std::function<void(fetch::flight&, fetch::actions&)>& event);
  struct load_end {
    bool ran = false;              ///< false: the offer was withdrawn, nothing was loaded
    std::exception_ptr failure{};  ///< what the loader threw
    erased_value value{};
  };
  /// Runs the load that the flight was offered. Never throws.
  load_end run_load(const flight_ptr& flight, const erased_loader& loader);
  /// Hands an offered load to the pool. False: the pool is full, load it yourself.
  [[nodiscard]] bool load_in_background(const flight_ptr& flight);

  [[nodiscard]] std::optional<fetch::remembered_failure> failure_of(std::string_view value_key);

  // --- invalidation
  void key_was_invalidated(const std::vector<std::string>& value_keys);
  /// Written down before it is sent: a reconnect in between repeats it.
  [[nodiscard]] fetch::invalidation_journal::number note_invalidation(
      std::vector<std::string> keys);
  void invalidation_acknowledged(fetch::invalidation_journal::number which);

  /// Stops and lets go of the leases of a cache's loads; its queued background work is dropped.
  void give_up_leases(const std::shared_ptr<cache_part>& of);
  /// Ends what is left of a cache's flights when nobody is inside and nothing loads.
  void end_flights(const std::shared_ptr<cache_part>& of);

  // --- telling
  void tell(const event& what, counters* on);
  void tell(event_kind what, const live_flight& of, duration took = {}, std::string_view text = {});
  void tell_fault(const fault& why, cache_part* of, std::string_view key);

 private:
  struct later;  ///< what a step found out under the mutex and does after it

  void after_step(const flight_ptr& flight, later& todo);
  void plan_timer(const flight_ptr& flight);
  void on_time(const flight_ptr& flight, std::uint64_t turn);
  void perform(const flight_ptr& flight, const fetch::actions& todo);
  void perform_one(const flight_ptr& flight, const fetch::action& what);
  void send_lease(const flight_ptr& flight, const fetch::action& what);
  void send_fill(const flight_ptr& flight, const fetch::action& what);
  void send_failure(const flight_ptr& flight, const fetch::action& what);
  void send_mark(const flight_ptr& flight, const fetch::action& what);
  void offer_lead(const flight_ptr& flight);
  bool set_in_background(const flight_ptr& flight, bool is);
  void want_turn(const flight_ptr& flight);
  void return_turn(const flight_ptr& flight);
  void finish(const flight_ptr& flight);
  void now_waits(const flight_ptr& flight);
  void listen(const flight_ptr& flight);
  void stop_listening(const flight_ptr& flight);
  void loader_returned(const flight_ptr& flight);
  void count_load(const live_flight& flight);
  void load_threw(const flight_ptr& flight, const std::exception_ptr& failure, microseconds took);
  void load_brought(const flight_ptr& flight, const erased_load& found, microseconds took);

  void on_up(const connection::greeting& hello);
  void on_down(const fault& why);
  void on_changed(std::string_view value_key);
  void on_everything_changed();
  void on_waking(store::wake_mode mode);
  void arm_holder_check();
  void check_holders();
  void holders_told(const std::vector<std::uint64_t>& asked,
                    const result<std::vector<std::uint64_t>>& alive);

  template <class Wanted>
  [[nodiscard]] std::vector<flight_ptr> flights_where(const Wanted& wanted);
  [[nodiscard]] flight_ptr open_flight(const std::string& value_key);
  void enter(const flight_ptr& flight);
  [[nodiscard]] fetch::flight_settings settings_for(const cache_part& of,
                                                    const entry::token& refused) const;

  const client_options options_;
  const std::string canary_id_;
  std::atomic<bool> closing_{false};
  std::atomic<std::size_t> waiter_count_{0};

  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<flight_ptr>> flights_;
  std::set<flight_ptr> solo_flights_;
  std::size_t flight_count_ = 0;
  std::unordered_map<std::string, steady_time>
      quiet_until_;  ///< keys whose refresh somebody else runs
  fetch::failure_memory failures_;
  fetch::invalidation_journal journal_;
  std::set<std::pair<std::string, std::uint32_t>> names_;
  std::string run_id_;
  std::string role_;
  bool holder_check_armed_ = false;
  bool holder_check_refused_ = false;
  std::atomic<std::uint64_t> unsupported_told_{0};

  background_pool pool_;
  std::unique_ptr<store::redis_store> store_;
};

}  // namespace drover::detail
