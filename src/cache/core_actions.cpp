// SPDX-License-Identifier: MIT
// What the machines ask for, done.
#include <algorithm>
#include <utility>

#include "cache/core.hpp"

namespace drover::detail {

namespace {

using fetch::action_kind;

constexpr milliseconds foreground_pending_slack{1000};

// A stub lives as long as the value would: a short-lived one is the first to be evicted.
milliseconds pending_ttl(const policy& with) {
  return std::max<milliseconds>(with.ttl + with.grace, with.load_max) + with.lease_ttl +
         foreground_pending_slack;
}

}  // namespace

void core::perform(const flight_ptr& flight, const fetch::actions& todo) {
  for (const fetch::action& what : todo) perform_one(flight, what);
}

void core::perform_one(const flight_ptr& flight, const fetch::action& what) {
  const key_names& names = flight->names;
  const cache_part& of = *flight->of;
  const bool sends = what.what < action_kind::want_turn;
  if (sends && closing_) return;
  switch (what.what) {
    case action_kind::send_lease: send_lease(flight, what); return;
    case action_kind::send_fill: send_fill(flight, what); return;
    case action_kind::send_failure: send_failure(flight, what); return;
    case action_kind::send_mark: send_mark(flight, what); return;
    case action_kind::send_renew:
      store_->renew(names.value_key, what.attempt, of.policy.lease_ttl,
                    [this, flight](const result<lease::step_reply>& reply) {
                      step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                        machine.renew_replied(reply, out);
                      });
                    });
      return;
    case action_kind::send_release:
      store_->release(names.value_key, what.attempt, of.keys.wake_channel(names.key),
                      [this, flight](const result<lease::step_reply>& reply) {
                        step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                          machine.released(reply, out);
                        });
                      });
      return;
    case action_kind::send_release_late:
      store_->release(
          names.value_key, what.attempt, of.keys.wake_channel(names.key),
          [this, key = names.value_key](const result<lease::step_reply>&) { on_changed(key); });
      return;
    case action_kind::send_mark_extend:
      store_->extend_mark(of.keys.mark_key(names.key), what.attempt, of.policy.lease_ttl);
      return;
    case action_kind::send_mark_pause:
      store_->extend_mark(of.keys.mark_key(names.key), what.attempt, flight->pause);
      return;
    case action_kind::send_mark_release:
      store_->release_mark(of.keys.mark_key(names.key), what.attempt);
      return;
    case action_kind::send_promote:
      store_->promote(names.value_key, what.other, what.attempt, of.policy.lease_ttl,
                      pending_ttl(of.policy),
                      [this, flight](const result<lease::step_reply>& reply) {
                        step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                          machine.promote_replied(reply, out);
                        });
                        on_changed(flight->names.value_key);
                      });
      return;
    case action_kind::want_turn: want_turn(flight); return;
    case action_kind::return_turn: return_turn(flight); return;
    case action_kind::offer_lead: offer_lead(flight); return;
    case action_kind::lease_lost:
      flight->lease_lost->store(true);
      counters::add(flight->of->counted.leases_lost);
      flight->of->counted.add_fault(fault_code::superseded);
      tell(event_kind::lease_lost, *flight);
      if (flight->in_background) flight->stop.request_stop();
      return;
    case action_kind::stop_load: flight->stop.request_stop(); return;
    case action_kind::let_go:
      flight->let_go_from.store(what.from_stamp);
      flight->word.wake_all();
      return;
    case action_kind::finish: finish(flight); return;
  }
}

void core::send_lease(const flight_ptr& flight, const fetch::action& what) {
  const policy& with = flight->of->policy;
  store_->lease({.value_key = flight->names.value_key,
                 .attempt = what.attempt,
                 .lease_ttl = with.lease_ttl,
                 .pending_ttl = pending_ttl(with),
                 .previous = what.other,
                 .refused = flight->machine.refused(),
                 .digest = flight->names.digest},
                [this, flight, attempt = what.attempt](const result<lease::lease_reply>& reply) {
                  if (!reply) tell_fault(reply.error(), flight->of.get(), flight->names.key);
                  const bool available = store_->is_available();
                  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                    machine.lease_replied(attempt, reply, available, store::now(), out);
                  });
                });
}

void core::send_fill(const flight_ptr& flight, const fetch::action& what) {
  store_->fill({.value_key = flight->names.value_key,
                .expected = what.other,
                .produced_by = what.attempt,
                .absent = flight->absent,
                .load_time = flight->load_time,
                .times = flight->times,
                .digest = flight->names.digest,
                .payload = flight->payload,
                .wake_channel = flight->of->keys.wake_channel(flight->names.key)},
               [this, flight](const result<lease::fill_reply>& reply) {
                 counters& counted = flight->of->counted;
                 if (!reply) {
                   tell_fault(reply.error(), flight->of.get(), flight->names.key);
                 } else if (reply->what == lease::fill_reply::how::refused) {
                   counters::add(counted.fills_refused);
                   counted.add_fault(fault_code::superseded);
                   tell(event_kind::fill_refused, *flight);
                 } else {
                   counters::add(counted.fills);
                   tell(event_kind::fill_stored, *flight);
                 }
                 const bool available = store_->is_available();
                 step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                   machine.fill_replied(reply, available, out);
                 });
               });
}

void core::send_failure(const flight_ptr& flight, const fetch::action& what) {
  store_->fail({.value_key = flight->names.value_key,
                .held = what.attempt,
                .attempts = what.attempts,
                .failure = what.failure,
                .pause = flight->pause,
                .key_ttl = 2 * flight->pause + flight->of->policy.lease_ttl,
                .digest = flight->names.digest,
                .text = flight->failure_text,
                .wake_channel = flight->of->keys.wake_channel(flight->names.key)});
}

void core::send_mark(const flight_ptr& flight, const fetch::action& what) {
  const cache_part& of = *flight->of;
  store_->mark(
      of.keys.mark_key(flight->names.key), flight->names.value_key, what.attempt,
      of.policy.lease_ttl, [this, flight](const result<lease::mark_reply>& reply) {
        bool still_due = false;
        if (!reply) {
          tell_fault(reply.error(), flight->of.get(), flight->names.key);
        } else if (reply->won) {
          const entry::decoded now = entry::decode(reply->head_bytes);
          still_due = now.how == entry::decoding::ours && now.head.what == entry::kind::value &&
                      now.head.produced_by == flight->machine.base();
        } else {
          // Somebody else refreshes: do not ask at every stale read.
          const std::scoped_lock lock{mutex_};
          if (quiet_until_.size() >= options_.flights_max) quiet_until_.clear();
          quiet_until_[flight->names.value_key] = store::now() + flight->of->policy.lease_ttl / 3;
        }
        step(flight, [&](fetch::flight& machine, fetch::actions& out) {
          machine.mark_replied(reply, still_due, out);
        });
      });
}

void core::offer_lead(const flight_ptr& flight) {
  counters& counted = flight->of->counted;
  if (flight->machine.is_bypass()) {
    tell(event_kind::bypass_started, *flight);
  } else if (!flight->machine.is_refresh()) {
    counters::add(counted.leases_granted);
    tell(event_kind::lease_granted, *flight);
    if (flight->machine.is_take_over()) {
      counters::add(counted.take_overs);
      tell(event_kind::lease_taken_over, *flight);
    }
  }
  if (flight->in_background) {
    if (load_in_background(flight)) return;
    counters::add(counted.refreshes_dropped);
    tell(event_kind::refresh_dropped, *flight, {}, "the background queue is full");
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.abandoned(out); });
    return;
  }
  bool somebody_waits = false;
  {
    const std::scoped_lock lock{mutex_};
    somebody_waits = flight->waiters > 0;
    if (somebody_waits) flight->lead_offered.store(true);
  }
  if (somebody_waits) {
    flight->word.wake_one();
  } else {
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.abandoned(out); });
  }
}

bool core::load_in_background(const flight_ptr& flight) {
  const bool was = set_in_background(flight, true);
  if (!closing_ &&
      pool_.submit(flight->of.get(), [this, flight] { run_load(flight, flight->of->loader); })) {
    return true;
  }
  set_in_background(flight, was);
  return false;
}

bool core::set_in_background(const flight_ptr& flight, bool is) {
  const std::scoped_lock lock{mutex_};
  return std::exchange(flight->in_background, is);
}

void core::want_turn(const flight_ptr& flight) {
  bool granted = flight->free_turn;
  if (!granted) {
    const std::scoped_lock lock{mutex_};
    granted = flight->of->turns.ask(flight);
  }
  if (granted) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.turn_granted(out); });
  }
}

void core::return_turn(const flight_ptr& flight) {
  if (flight->free_turn) return;
  std::optional<flight_ptr> next;
  {
    const std::scoped_lock lock{mutex_};
    if (flight->of->turns.leave(flight)) return;  // it was still queued
    if (flight->loader_runs) {                    // load_max has passed, the query has not
      flight->owes_turn = true;
      return;
    }
    next = flight->of->turns.give_back();
  }
  if (next) {
    step(*next, [](fetch::flight& machine, fetch::actions& out) { machine.turn_granted(out); });
  }
}

void core::finish(const flight_ptr& flight) {
  const fetch::ending& end = flight->machine.end();
  if (end.what == fetch::ending::how::failed_here || end.what == fetch::ending::how::timed_out) {
    const std::scoped_lock lock{mutex_};
    failures_.remember(flight->names.value_key, {.what = flight->failure,
                                                 .of = end.of,
                                                 .attempts = end.attempts,
                                                 .until = store::now() + flight->pause});
  }
  if (end.what == fetch::ending::how::timed_out) {
    counters::add(flight->of->counted.failures);
    tell(event_kind::load_timed_out, *flight, flight->of->policy.load_max);
  }
  flight->ended.store(true, std::memory_order_release);
  flight->word.wake_all();
  stop_listening(flight);
  // Our own writes bring us no push: other flights of this key look for themselves.
  if (!flight->solo && !closing_) on_changed(flight->names.value_key);
}

void core::now_waits(const flight_ptr& flight) {
  if (closing_) return;
  store_->wakes().prove(flight->of->keys.canary_key(canary_id_));
  const store::wake_mode mode = store_->wakes().mode();
  if (mode == store::wake_mode::push) return;
  if (mode == store::wake_mode::channel) {
    listen(flight);
    return;
  }
  const std::scoped_lock lock{mutex_};
  if (flight->machine.now_in() != fetch::flight::state::waiting || flight->poll_at) return;
  constexpr milliseconds first_poll{5};
  constexpr milliseconds last_poll{100};
  flight->poll_every = flight->poll_every.count() == 0
                           ? first_poll
                           : std::min(last_poll, flight->poll_every * 3 / 2);
  const auto jittered = std::chrono::duration_cast<microseconds>(flight->poll_every) *
                        static_cast<int>(80 + 40 * draw()) / 100;
  flight->poll_at = store::now() + jittered;
  plan_timer(flight);
}

void core::listen(const flight_ptr& flight) {
  const std::uint64_t connection = store_->channel().epoch();
  {
    const std::scoped_lock lock{mutex_};
    if (connection == 0 || flight->listening_on == connection) return;
    flight->listening_on = connection;
  }
  store_->wakes().listen(flight->of->keys.wake_channel(flight->names.key));
  if (flight->ended.load(std::memory_order_acquire)) {
    stop_listening(flight);
    return;
  }
  // The subscription is behind the last look: what was told in between was told to nobody.
  step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.woken(out); });
}

void core::stop_listening(const flight_ptr& flight) {
  std::uint64_t was = 0;
  {
    const std::scoped_lock lock{mutex_};
    was = std::exchange(flight->listening_on, 0);
  }
  if (was == 0 || closing_ || was != store_->channel().epoch()) return;
  store_->wakes().leave(flight->of->keys.wake_channel(flight->names.key));
}

}  // namespace drover::detail
