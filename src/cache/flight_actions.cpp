// SPDX-License-Identifier: MIT
// Carries out the actions that the machines ask for.
#include <thread>

#include "cache/flight_runner.hpp"
#include "store/callback_scope.hpp"

namespace drover::detail {

using fetch::action_kind;

void flight_runner::perform(const flight_ptr& flight, const fetch::actions& todo) noexcept {
  for (const fetch::action& action : todo) {
    try {
      perform_one(flight, action);
    } catch (...) {
      not_done(flight, action);
    }
  }
}

// Memory ran out: reports the request to the machine as failed.
void flight_runner::not_done(const flight_ptr& flight, const fetch::action& action) noexcept {
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    const fault why{fault_code::overloaded, {}};
    switch (action.kind) {
      case action_kind::send_lease:
        return machine.lease_replied(action.attempt, why, true, store::now(), out);
      case action_kind::send_refresh_mark:
        return machine.refresh_mark_replied(why, false, store::now(), out);
      case action_kind::send_fill: return machine.fill_replied(why, true, out);
      case action_kind::send_release:
      case action_kind::send_uncacheable: return machine.released(why, out);
      case action_kind::send_promote: return machine.promote_replied(why, out);
      case action_kind::offer_lead: return machine.thread_missing(out);
      default: return;  // a lease that is neither renewed nor released ends in time
    }
  });
}

void flight_runner::perform_one(const flight_ptr& flight, const fetch::action& action) {
  const key_names& names = flight->names;
  const cache_part& part = *flight->part;
  if (closing_ && action.kind < action_kind::want_turn) return;
  switch (action.kind) {
    case action_kind::send_lease: return send_lease(flight, action);
    case action_kind::send_renew: return send_renew(flight, action.attempt);
    case action_kind::send_fill: return send_fill(flight, action);
    case action_kind::send_failure: return send_failure(flight, action);
    case action_kind::send_release:
    case action_kind::send_uncacheable: return send_release(flight, action);
    case action_kind::send_refresh_mark: return send_refresh_mark(flight, action);
    case action_kind::send_promote: return send_promote(flight, action);
    case action_kind::send_release_late:
      return servers_->release(
          names.value_key, action.attempt, part.keys.wake_channel(names.key),
          [this, key = names.value_key](const result<lease::step_reply>&) { key_changed(key); });
    case action_kind::send_refresh_mark_extend:
      return servers_->extend_refresh_mark(part.keys.refresh_mark_key(names.key), action.attempt,
                                           part.policy.lease_ttl);
    case action_kind::send_refresh_mark_pause:
      return servers_->extend_refresh_mark(part.keys.refresh_mark_key(names.key), action.attempt,
                                           flight->result.pause);
    case action_kind::send_refresh_mark_release:
      return servers_->release_refresh_mark(part.keys.refresh_mark_key(names.key), action.attempt);
    case action_kind::want_turn:
    case action_kind::return_turn: return;  // done under the mutex
    case action_kind::offer_lead: return offer_lead(flight);
    case action_kind::lease_lost: return lost_lease(flight);
    case action_kind::stop_load: return request_stop(flight);
    case action_kind::let_go:
      flight->let_go_from.store(action.from_stamp);
      flight->word.wake_all();
      return;
    case action_kind::finish: return finish(flight);
  }
}

void flight_runner::lost_lease(const flight_ptr& flight) {
  flight->lease_lost->store(true);
  counters::add(flight->part->counted.leases_lost);
  flight->part->counted.add_fault(fault_code::superseded);
  report_.tell(event_kind::lease_lost, *flight);
  // Callers that joined before the origin was read still get the value.
  if (flight->in_background && flight->waiters == 0) request_stop(flight);
}

// Callbacks on the stop token are the user's code. A callback that blocks must not delay the thread
// that reads replies.
void flight_runner::request_stop(const flight_ptr& flight) noexcept {
  if (store::callback_scope::is_inside()) {
    try {
      // This needs a new thread: the pools may be busy with the loads that are to be stopped.
      std::thread{[flight] { flight->stop.request_stop(); }}.detach();
      return;
    } catch (...) {
      // No thread could be started: stop on this thread.
    }
  }
  flight->stop.request_stop();
}

void flight_runner::offer_lead(const flight_ptr& flight) {
  counters& counted = flight->part->counted;
  bool is_bypass = false;
  bool is_leased = false;
  bool is_take_over = false;
  bool is_promoted = false;
  {
    const guard_lock lock{mutex_};
    const fetch::flight& machine = in(*flight).machine;
    is_bypass = machine.is_bypass();
    is_promoted = machine.is_promoted();
    is_leased = machine.is_holder() && !is_promoted;
    is_take_over = machine.is_take_over();
  }
  if (is_bypass) report_.tell(event_kind::bypass_started, *flight);
  if (is_leased) {
    counters::add(counted.leases_granted);
    report_.tell(event_kind::lease_granted, *flight);
    if (is_take_over) {
      counters::add(counted.take_overs);
      report_.tell(event_kind::lease_taken_over, *flight);
    }
  }
  if (flight->waiters > 0) wake_one(*flight);
  if (flight->in_background) {
    // A promoted load holds the lease. It must not wait in a queue, because other processes would
    // wait too.
    if (!closing_ && in_background_(flight, is_promoted)) return;
    flight->needs_waiters.store(true);
    // A waiter runs the load, or the last waiter to leave drops it.
    if (flight->waiters > 0) return;
    drop_refresh(flight);
  } else if (flight->waiters == 0) {
    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
      if (flight->waiters == 0) machine.abandoned(out);
    });
  }
}

void flight_runner::drop_refresh(const flight_ptr& flight) noexcept {
  count_dropped_refresh(*flight, "the background queue is full");
  thread_missing(flight);
}

void flight_runner::count_dropped_refresh(const live_flight& flight,
                                          std::string_view why) noexcept {
  counters::add(flight.part->counted.refreshes_dropped);
  report_.tell(event_kind::refresh_dropped, flight, {}, why);
}

void flight_runner::wake_one(live_flight& flight) noexcept {
  flight.word.wake_one(flight.leaders > 0 ? wait_word::group::can_lead : wait_word::group::limited);
}

void flight_runner::finish(const flight_ptr& flight) noexcept {
  using fetch::flight_outcome;
  const fetch::ending& end = flight->ending;
  if (end.outcome == flight_outcome::failed_here || end.outcome == flight_outcome::timed_out) {
    failures_.remember(flight->names.value_key, {.exception = flight->result.failure,
                                                 .token = end.token,
                                                 .attempts = end.attempts,
                                                 .until = store::now() + flight->result.pause});
  }
  if (end.outcome == flight_outcome::timed_out) {
    counters::add(flight->part->counted.failures);
    report_.tell(event_kind::load_timed_out, *flight, flight->part->policy.load_max);
  }
  if (end.is_dropped) count_dropped_refresh(*flight, "its entry ended before a thread was free");
  flight->ended.store(true, std::memory_order_release);
  flight->word.wake_all();
  try {
    stop_listening(flight);
  } catch (...) {
    // The subscription remains until the connection ends; its messages do no harm.
  }
  // The server sends no push for this client's own writes, so wake the other flights of the key
  // here.
  if (!closing_) key_changed(flight->names.value_key);
}

}  // namespace drover::detail
