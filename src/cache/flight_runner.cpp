// SPDX-License-Identifier: MIT
// Steps the machines under the mutex, and updates the turns, the state that waiters read, and the
// timers.
#include "cache/flight_runner.hpp"

#include <algorithm>
#include <utility>

#include <drover/failure.hpp>

namespace drover::detail {

using state = fetch::flight::state;

struct flight_runner::later {
  bool prove_wakes = false;
  bool watch_holders = false;
  flight_ptr next_turn;
};

flight_runner::flight_runner(
    const client_options& options, event_reporter& reporter, failures& remembered,
    invalidations& unacknowledged,
    std::function<bool(const flight_ptr&, bool only_if_free)> in_background)
    : options_{options},
      report_{reporter},
      failures_{remembered},
      invalidations_{unacknowledged},
      in_background_{std::move(in_background)},
      table_{options.flights_max},
      quiet_{options.flights_max} {}

void flight_runner::use(store::servers& on, std::string canary_id) {
  servers_ = &on;
  canary_id_ = std::move(canary_id);
}

void flight_runner::thread_missing(const flight_ptr& flight) noexcept {
  step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.thread_missing(out); });
}

void flight_runner::step_with(const flight_ptr& flight, void* context,
                              machine_event event) noexcept {
  if (is_inherited()) return;
  fetch::actions todo;
  later after;
  {
    const guard_lock lock{mutex_};
    fetch::flight& machine = in(*flight).machine;
    try {
      event(context, machine, todo);
    } catch (...) {
      machine.collapse(todo);
    }
    move_turns(flight, todo, after);
    publish(*flight, after);
  }
  perform(flight, todo);
  if (after.next_turn) {
    step(after.next_turn, [](fetch::flight& machine, fetch::actions& out) {
      machine.turn_granted(store::now(), out);
    });
  }
  if (after.watch_holders) arm_holder_check();
  try {
    if (after.prove_wakes) now_waits(flight);
  } catch (...) {
    // No wake-up will come: the waiters wait until the lease ends.
  }
}

// Turns and machines change under the same mutex. So the queue and the machine agree when a flight
// ends, or begins on another load's turn.
void flight_runner::move_turns(const flight_ptr& flight, fetch::actions& todo, later& after) {
  using turns = fetch::load_turns<flight_ptr>;
  turns& of_cache = flight->part->turns;
  fetch::flight& machine = in(*flight).machine;
  for (std::size_t i = 0; i < todo.size(); ++i) {
    if (todo[i].kind == fetch::action_kind::want_turn) {
      // The flight has asked Redis, so it could not join that load before.
      if (runs_beside(*flight)) {
        machine.turn_not_needed(todo);
        continue;
      }
      if (in(*flight).shares_turn) {
        machine.turn_lent(store::now(), todo);
        continue;
      }
      auto answer = turns::turn_answer::refused;
      try {
        answer = of_cache.ask(flight);
      } catch (...) {
        // Out of memory: the turn counts as refused.
      }
      if (answer == turns::turn_answer::granted) machine.turn_granted(store::now(), todo);
      if (answer == turns::turn_answer::refused) machine.turn_refused(todo);
    } else if (todo[i].kind == fetch::action_kind::return_turn) {
      if (in(*flight).shares_turn || of_cache.leave(flight)) continue;
      if (auto next = of_cache.give_back()) after.next_turn = *std::move(next);
    }
  }
}

// Whether another flight of the key loads, and callers that bypass Redis may join it.
bool flight_runner::runs_beside(live_flight& flight) {
  if (in(flight).machine.is_alone()) return false;
  const auto other = table_.find(flight.names.value_key, [&](live_flight& beside) {
    mutex_.assert_held();
    const fetch::flight& machine = in(beside).machine;
    return &beside != &flight && !machine.is_alone() && machine.now_in() == state::loading &&
           machine.is_open(true);
  });
  return other != nullptr;
}

// Called under the mutex after every step. Updates the state that waiters read, the timer, the hold
// on pushes, and the table.
void flight_runner::publish(live_flight& flight, later& after) {
  live_flight::guarded& inside = in(flight);
  fetch::flight& machine = inside.machine;
  const state now_in = machine.now_in();
  const bool waits = now_in == state::waiting;
  flight.may_begin.store(now_in == state::offered);
  flight.awaits_reply.store(machine.awaits_reply());
  if (now_in == state::promoting || now_in == state::storing) {
    flight.value_for_stamps.store(machine.read_step(), std::memory_order_release);
  }
  // A LEASE that is sent during the wait does not end the wait: pushes stay held, and polling
  // continues.
  const bool still_waits = waits || (now_in == state::asking && inside.holds_pushes_of != nullptr);
  store::redis_store* const holds_of =
      still_waits ? &servers_->at(flight.names.value_key) : nullptr;
  if (holds_of != inside.holds_pushes_of && !closing_) {
    store::redis_store* const former = std::exchange(inside.holds_pushes_of, holds_of);
    if (holds_of != nullptr) holds_of->channel().hold_pushes();
    if (former != nullptr) former->channel().release_pushes();
    inside.poll_every = milliseconds{0};
  }
  if (!waits) inside.poll_at.reset();
  after.prove_wakes = waits;
  watch_holder(flight);
  after.watch_holders = inside.is_watching;
  plan_timer(flight);
  if (now_in != state::ended) return;
  if (!flight.ending_is_known) {
    flight.ending_is_known = true;
    flight.ending = machine.take_end();
  }
  table_.remove(flight.names.value_key, flight);
}

void flight_runner::clear_timer(live_flight& flight) {
  live_flight::guarded& inside = in(flight);
  if (!std::exchange(inside.timer_is_set, false)) return;
  inside.spare_timer = timers_.extract(inside.timer);
}

void flight_runner::plan_timer(live_flight& flight) {
  live_flight::guarded& inside = in(flight);
  std::optional<steady_time> due = inside.machine.due();
  if (inside.poll_at && (!due || *inside.poll_at < *due)) due = inside.poll_at;
  if (closing_) due.reset();
  if (due && inside.timer_is_set && inside.timer->first == *due) return;
  clear_timer(flight);
  if (!due) return;
  inside.spare_timer.key() = *due;
  inside.timer = timers_.insert(std::move(inside.spare_timer));
  inside.timer_is_set = true;
  if (inside.timer == timers_.begin()) servers_->home().channel().set_alarm(*due);
}

void flight_runner::alarm_rang() noexcept {
  const steady_time now = store::now();
  while (true) {
    flight_ptr due;
    {
      const guard_lock lock{mutex_};
      if (timers_.empty()) return;
      const auto first = timers_.begin();
      if (closing_) return;
      if (first->first > now) {
        servers_->home().channel().set_alarm(first->first);
        return;
      }
      due = first->second->shared_from_this();
      clear_timer(*due);
    }
    on_time(due);
  }
}

void flight_runner::on_time(const flight_ptr& flight) noexcept {
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    mutex_.assert_held();
    const steady_time now = store::now();
    live_flight::guarded& inside = in(*flight);
    if (inside.poll_at && *inside.poll_at <= now) {
      inside.poll_at.reset();
      machine.woken(out);
    }
    if (machine.is_load_over(now)) {
      load_result& result = flight->result;
      result.took = now - result.began;
      result.pause = entry::failure_pause(result.took, machine.attempts() + 1, draw(),
                                          flight->part->policy.failure_pause_max);
      result.failure = std::make_exception_ptr(
          load_failed{load_failed::reason::timed_out, machine.attempts() + 1, result.pause});
    }
    machine.on_time(now, out);
  });
}

}  // namespace drover::detail
