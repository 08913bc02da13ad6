// SPDX-License-Identifier: MIT
// What the machines ask for, done.
#include <algorithm>
#include <utility>

#include "cache/flight_runner.hpp"

namespace drover::detail {

namespace {

using fetch::action_kind;

constexpr milliseconds pending_slack{1000};

// A stub lives as long as the value would: a short-lived one is the first to be evicted.
milliseconds pending_ttl(const policy& with) {
  return std::max<milliseconds>(with.ttl + with.grace, with.load_max) + with.lease_ttl +
         pending_slack;
}

}  // namespace

void flight_runner::perform(const flight_ptr& flight, const fetch::actions& todo) noexcept {
  for (const fetch::action& asked : todo) {
    try {
      perform_one(flight, asked);
    } catch (...) {
      not_done(flight, asked);
    }
  }
}

// For want of memory: the machine is told as if the request had failed.
void flight_runner::not_done(const flight_ptr& flight, const fetch::action& asked) noexcept {
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    const fault why{fault_code::overloaded, {}};
    switch (asked.what) {
      case action_kind::send_lease:
        return machine.lease_replied(asked.attempt, why, true, store::now(), out);
      case action_kind::send_mark: return machine.mark_replied(why, false, store::now(), out);
      case action_kind::send_fill: return machine.fill_replied(why, true, out);
      case action_kind::send_release:
      case action_kind::send_uncacheable: return machine.released(why, out);
      case action_kind::send_promote: return machine.promote_replied(why, out);
      case action_kind::offer_lead: return machine.thread_missing(out);
      default: return;  // a lease that is not renewed or released ends by its time
    }
  });
}

void flight_runner::perform_one(const flight_ptr& flight, const fetch::action& asked) {
  const key_names& names = flight->names;
  const cache_part& of = *flight->of;
  if (closing_ && asked.what < action_kind::want_turn) return;
  switch (asked.what) {
    case action_kind::send_lease: return send_lease(flight, asked);
    case action_kind::send_renew: return send_renew(flight, asked.attempt);
    case action_kind::send_fill: return send_fill(flight, asked);
    case action_kind::send_failure: return send_failure(flight, asked);
    case action_kind::send_release:
    case action_kind::send_uncacheable: return send_release(flight, asked);
    case action_kind::send_mark: return send_mark(flight, asked);
    case action_kind::send_promote: return send_promote(flight, asked);
    case action_kind::send_release_late:
      return store_->release(
          names.value_key, asked.attempt, of.keys.wake_channel(names.key),
          [this, key = names.value_key](const result<lease::step_reply>&) { key_changed(key); });
    case action_kind::send_mark_extend:
      return store_->extend_mark(of.keys.mark_key(names.key), asked.attempt, of.policy.lease_ttl);
    case action_kind::send_mark_pause:
      return store_->extend_mark(of.keys.mark_key(names.key), asked.attempt, flight->result.pause);
    case action_kind::send_mark_release:
      return store_->release_mark(of.keys.mark_key(names.key), asked.attempt);
    case action_kind::want_turn:
    case action_kind::return_turn: return;  // done under the mutex
    case action_kind::offer_lead: return offer_lead(flight);
    case action_kind::lease_lost: return lost_lease(flight);
    case action_kind::stop_load: flight->stop.request_stop(); return;
    case action_kind::let_go:
      flight->let_go_from.store(asked.from_stamp);
      flight->word.wake_all();
      return;
    case action_kind::finish: return finish(flight);
  }
}

void flight_runner::send_lease(const flight_ptr& flight, const fetch::action& asked) {
  const policy& with = flight->of->policy;
  entry::token refused;
  {
    const guard_lock lock{mutex_};
    refused = in(*flight).machine.refused();
  }
  store_->lease({.value_key = flight->names.value_key,
                 .attempt = asked.attempt,
                 .lease_ttl = with.lease_ttl,
                 .pending_ttl = pending_ttl(with),
                 .previous = asked.other,
                 .refused = refused,
                 .digest = flight->names.digest,
                 .failure_pause_max = with.failure_pause_max},
                [this, flight, attempt = asked.attempt, stamp = invalidations_.stamp(),
                 was_pending = invalidations_.is_pending(flight->names.value_key)](
                    result<lease::lease_reply> reply) {
                  if (!reply) {
                    report_.tell_fault(reply.error(), flight->of.get(), flight->names.key);
                  }
                  const bool available = store_->is_available();
                  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                    const bool is_latest = machine.now_in() == fetch::flight::state::asking &&
                                           machine.attempt() == attempt;
                    if (is_latest) flight->read_while_pending = was_pending;
                    // Only the attempt that leads settles: what it loads is newer.
                    if (is_latest && reply && reply->what == lease::lease_reply::how::lead) {
                      invalidations_.settle(flight->names.value_key, stamp);
                    }
                    machine.lease_replied(attempt, std::move(reply), available, store::now(), out);
                  });
                });
}

void flight_runner::send_renew(const flight_ptr& flight, const entry::token& held) {
  store_->renew(flight->names.value_key, held, flight->of->policy.lease_ttl,
                [this, flight](const result<lease::step_reply>& reply) {
                  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                    machine.renew_replied(reply, out);
                  });
                });
}

void flight_runner::send_fill(const flight_ptr& flight, const fetch::action& asked) {
  const load_result& loaded = flight->result;
  store_->fill({.value_key = flight->names.value_key,
                .expected = asked.other,
                .produced_by = asked.attempt,
                .absent = loaded.is_absent,
                .load_time = loaded.took,
                .times = loaded.times,
                .digest = flight->names.digest,
                .payload = loaded.payload,
                .wake_channel = flight->of->keys.wake_channel(flight->names.key)},
               [this, flight](const result<lease::fill_reply>& reply) {
                 counters& counted = flight->of->counted;
                 if (!reply) {
                   report_.tell_fault(reply.error(), flight->of.get(), flight->names.key);
                 } else if (reply->what == lease::fill_reply::how::refused) {
                   counters::add(counted.fills_refused);
                   counted.add_fault(fault_code::superseded);
                   report_.tell(event_kind::fill_refused, *flight);
                 } else {
                   counters::add(counted.fills);
                   report_.tell(event_kind::fill_stored, *flight);
                 }
                 const bool available = store_->is_available();
                 step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                   machine.fill_replied(reply, available, out);
                 });
               });
}

void flight_runner::send_failure(const flight_ptr& flight, const fetch::action& asked) {
  const load_result& failed = flight->result;
  store_->fail({.value_key = flight->names.value_key,
                .held = asked.attempt,
                .attempts = asked.attempts,
                .failure = asked.failure,
                .pause = failed.pause,
                .key_ttl = 2 * failed.pause + flight->of->policy.lease_ttl,
                .digest = flight->names.digest,
                .text = failed.failure_text,
                .wake_channel = flight->of->keys.wake_channel(flight->names.key)});
}

void flight_runner::send_release(const flight_ptr& flight, const fetch::action& asked) {
  const key_names& names = flight->names;
  const std::string channel = flight->of->keys.wake_channel(names.key);
  auto answered = [this, flight](const result<lease::step_reply>& reply) {
    step(flight,
         [&](fetch::flight& machine, fetch::actions& out) { machine.released(reply, out); });
  };
  if (asked.what == action_kind::send_uncacheable) {
    store_->mark_uncacheable(names.value_key, asked.attempt, flight->of->policy.uncacheable_ttl,
                             channel, std::move(answered));
  } else {
    store_->release(names.value_key, asked.attempt, channel, std::move(answered));
  }
}

void flight_runner::send_mark(const flight_ptr& flight, const fetch::action& asked) {
  const cache_part& of = *flight->of;
  store_->mark(of.keys.mark_key(flight->names.key), flight->names.value_key, asked.attempt,
               of.policy.lease_ttl, [this, flight](const result<lease::mark_reply>& reply) {
                 if (!reply) report_.tell_fault(reply.error(), flight->of.get(), flight->names.key);
                 const bool runs_elsewhere = reply && !reply->won;
                 const entry::decoded read =
                     reply ? entry::decode(reply->head_bytes) : entry::decoded{};
                 step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                   mutex_.assert_held();
                   const steady_time now = store::now();
                   // Not asked again at every stale read.
                   if (runs_elsewhere) {
                     quiet_.note(flight->names.value_key, now + flight->of->policy.lease_ttl / 3);
                   }
                   const bool still_due = read.how == entry::decoding::ours &&
                                          read.head.what == entry::kind::value &&
                                          read.head.produced_by == machine.base();
                   machine.mark_replied(reply, still_due, now, out);
                 });
               });
}

void flight_runner::send_promote(const flight_ptr& flight, const fetch::action& asked) {
  const policy& with = flight->of->policy;
  store_->promote(flight->names.value_key, asked.other, asked.attempt, with.lease_ttl,
                  pending_ttl(with), [this, flight](const result<lease::step_reply>& reply) {
                    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                      machine.promote_replied(reply, out);
                    });
                    key_changed(flight->names.value_key);
                  });
}

void flight_runner::lost_lease(const flight_ptr& flight) {
  flight->lease_lost->store(true);
  counters::add(flight->of->counted.leases_lost);
  flight->of->counted.add_fault(fault_code::superseded);
  report_.tell(event_kind::lease_lost, *flight);
  // Callers that asked before the origin was read still get the value.
  if (flight->in_background && flight->waiters == 0) flight->stop.request_stop();
}

void flight_runner::offer_lead(const flight_ptr& flight) {
  counters& counted = flight->of->counted;
  bool is_bypass = false;
  bool is_leased = false;
  bool is_take_over = false;
  {
    const guard_lock lock{mutex_};
    const fetch::flight& machine = in(*flight).machine;
    is_bypass = machine.is_bypass();
    is_leased = machine.is_holder();
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
    if (!closing_ && in_background_(flight)) return;
    flight->needs_waiters.store(true);
    if (flight->waiters > 0) return;  // one of them runs it, or the last one to leave drops it
    drop_refresh(flight);
  } else if (flight->waiters == 0) {
    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
      if (flight->waiters == 0) machine.abandoned(out);
    });
  }
}

void flight_runner::drop_refresh(const flight_ptr& flight) noexcept {
  counters::add(flight->of->counted.refreshes_dropped);
  report_.tell(event_kind::refresh_dropped, *flight, {}, "the background queue is full");
  thread_missing(flight);
}

void flight_runner::wake_one(live_flight& flight) noexcept {
  flight.word.wake_one(flight.leaders > 0 ? wait_word::group::can_lead : wait_word::group::limited);
}

void flight_runner::finish(const flight_ptr& flight) noexcept {
  using how = fetch::ending::how;
  const fetch::ending& end = flight->ending;
  if (end.what == how::failed_here || end.what == how::timed_out) {
    failures_.remember(flight->names.value_key, {.what = flight->result.failure,
                                                 .of = end.of,
                                                 .attempts = end.attempts,
                                                 .until = store::now() + flight->result.pause});
  }
  if (end.what == how::timed_out) {
    counters::add(flight->of->counted.failures);
    report_.tell(event_kind::load_timed_out, *flight, flight->of->policy.load_max);
  }
  flight->ended.store(true, std::memory_order_release);
  flight->word.wake_all();
  try {
    stop_listening(flight);
  } catch (...) {
    // It hears of its key for nothing until the connection ends.
  }
  // Our own writes bring us no push: other flights of this key look for themselves.
  if (!closing_) key_changed(flight->names.value_key);
}

void flight_runner::now_waits(const flight_ptr& flight) {
  if (closing_) return;
  store_->wakes().prove(flight->of->keys.canary_key(canary_id_));
  const store::wake_mode mode = store_->wakes().mode();
  if (mode == store::wake_mode::push) return;
  if (mode == store::wake_mode::channel) {
    listen(flight);
    return;
  }
  const guard_lock lock{mutex_};
  live_flight::guarded& inside = in(*flight);
  if (inside.machine.now_in() != fetch::flight::state::waiting || inside.poll_at) return;
  constexpr milliseconds first_poll{5};
  constexpr milliseconds last_poll{100};
  inside.poll_every =
      inside.poll_every.count() == 0 ? first_poll : std::min(last_poll, inside.poll_every * 3 / 2);
  const auto jittered = std::chrono::duration_cast<microseconds>(inside.poll_every) *
                        static_cast<int>(80 + 40 * draw()) / 100;
  inside.poll_at = store::now() + jittered;
  plan_timer(*flight);
}

void flight_runner::listen(const flight_ptr& flight) {
  const std::uint64_t connection = store_->channel().epoch();
  {
    const guard_lock lock{mutex_};
    if (connection == 0 || in(*flight).listening_on == connection) return;
    in(*flight).listening_on = connection;
  }
  store_->wakes().listen(flight->of->keys.wake_channel(flight->names.key));
  if (flight->ended.load(std::memory_order_acquire)) {
    stop_listening(flight);
    return;
  }
  // The subscription is behind the last look: what was told in between was told to nobody.
  step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.woken(out); });
}

void flight_runner::stop_listening(const flight_ptr& flight) {
  std::uint64_t was = 0;
  {
    const guard_lock lock{mutex_};
    was = std::exchange(in(*flight).listening_on, 0);
  }
  if (was == 0 || closing_ || was != store_->channel().epoch()) return;
  store_->wakes().leave(flight->of->keys.wake_channel(flight->names.key));
}

}  // namespace drover::detail
