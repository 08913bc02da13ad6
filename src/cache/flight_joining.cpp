// SPDX-License-Identifier: MIT
// How callers join flights and leave them.
#include <utility>

#include "cache/flight_runner.hpp"
#include "cache/load_chain.hpp"

namespace drover::detail {

using fetch::beginning;
using state = fetch::flight::state;

flight_ptr flight_runner::make_flight(const std::shared_ptr<cache_part>& part,
                                      const key_names& names, const entry::token& refused,
                                      bool in_background) const {
  const policy& policy = part->policy;
  return std::make_shared<live_flight>(
      part, names,
      fetch::flight_settings{.lease_ttl = policy.lease_ttl,
                             .load_max = policy.load_max,
                             .marks_uncacheable = policy.uncacheable_ttl.count() > 0,
                             .refused = refused,
                             .new_token = random_token},
      in_background);
}

std::optional<flight_runner::joined_flight> flight_runner::join_or_start_flight(
    const join_request& request) {
  const std::string& key = request.names.value_key;
  const bool is_inside_a_load = load_chain::is_inside_a_load();
  const std::uint32_t attempts = failures_.attempts(key, store::now());
  joined_flight joined;
  bool lends_turn = false;
  beginning start = request.start;
  {
    const guard_lock lock{mutex_};
    if (waiter_count_ >= options_.waiters_max) return std::nullopt;
    joined.flight = table_.open(key, start, [this](live_flight& open) -> const fetch::flight& {
      mutex_.assert_held();
      return in(open).machine;
    });
    const bool joins = joined.flight != nullptr;
    if (!joins) {
      if (start == beginning::cold && table_.is_full()) start = beginning::bypass;
      joined.flight = make_flight(request.part, request.names, request.refused, false);
      in(*joined.flight).shares_turn = is_inside_a_load;
      in(*joined.flight).machine.remember_attempts(attempts);
      table_.enter(key, joined.flight);
    }
    ++waiter_count_;
    ++joined.flight->waiters;
    if (request.can_lead) ++joined.flight->leaders;
    joined.stamp = in(*joined.flight).machine.stamp(request.waits_since);
    lends_turn = joins && is_inside_a_load && lend_turn(*joined.flight);
    if (joins && !lends_turn) return joined;
  }
  step(joined.flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (lends_turn) return machine.turn_lent(store::now(), out);
    switch (start) {
      case beginning::cold: return machine.start_cold(out);
      case beginning::bypass: return machine.start_bypass(out);
      case beginning::bypass_alone: return machine.start_bypass_alone(out);
      case beginning::unstored: return machine.start_unstored(store::now(), out);
    }
  });
  return joined;
}

// Shares the turn of a caller that joined from inside a load. Returns true when the flight is
// queued for a turn: it may begin now. A flight that asks or waits needs no turn if it bypasses
// Redis later.
bool flight_runner::lend_turn(live_flight& flight) {
  switch (in(flight).machine.now_in()) {
    case state::queued: return true;
    case state::asking:
    case state::waiting:
    case state::marking: in(flight).shares_turn = true; return false;
    default: return false;  // the grant already has a turn, or needs none
  }
}

void flight_runner::leave(const flight_ptr& flight, bool can_lead) noexcept {
  if (is_inherited()) return;
  --waiter_count_;
  if (can_lead) --flight->leaders;
  // Without the mutex, because many callers leave at once.
  if (flight->ended.load(std::memory_order_acquire)) {
    --flight->waiters;
    return;
  }
  bool is_last = false;
  {
    const guard_lock lock{mutex_};
    is_last = --flight->waiters == 0;
  }
  if (is_last && flight->in_background) {
    if (flight->needs_waiters && flight->may_begin) drop_refresh(flight);
  } else if (is_last) {
    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
      if (flight->waiters == 0) machine.abandoned(out);
    });
  } else if (flight->may_begin.load()) {
    wake_one(*flight);  // the caller that leaves may be the one that was woken to lead
  }
}

std::optional<flight_runner::joined_flight> flight_runner::begin_refresh(
    const refresh_request& request) {
  const std::string& key = request.names.value_key;
  const std::uint32_t attempts = failures_.attempts(key, store::now());
  joined_flight joined;
  {
    const guard_lock lock{mutex_};
    if (request.part->draining || table_.is_full() ||
        (!request.is_requested && quiet_.is_quiet(key, store::now())) ||
        (request.foreground && waiter_count_ >= options_.waiters_max) ||
        table_.open(key, beginning::cold, [this](live_flight& open) -> const fetch::flight& {
          mutex_.assert_held();
          return in(open).machine;
        })) {
      return std::nullopt;
    }
    joined.flight = make_flight(request.part, request.names, {}, !request.foreground);
    joined.flight->previous = request.previous;
    joined.flight->previous_payload = request.previous_payload;
    joined.flight->is_early = request.early;
    in(*joined.flight).machine.remember_attempts(attempts);
    table_.enter(key, joined.flight);
    if (request.foreground) {
      ++waiter_count_;
      ++joined.flight->waiters;
      ++joined.flight->leaders;
    }
  }
  step(joined.flight, [&](fetch::flight& machine, fetch::actions& out) {
    machine.start_refresh(request.base, request.servable_until, out);
  });
  return joined;
}

void flight_runner::begin_background_load(const std::shared_ptr<cache_part>& part,
                                          const key_names& names, const entry::token& refused) {
  flight_ptr flight;
  const std::uint32_t attempts = failures_.attempts(names.value_key, store::now());
  {
    const guard_lock lock{mutex_};
    if (part->draining || table_.is_full() ||
        table_.open(names.value_key, beginning::cold,
                    [this](live_flight& open) -> const fetch::flight& {
                      mutex_.assert_held();
                      return in(open).machine;
                    })) {
      return;
    }
    flight = make_flight(part, names, refused, true);
    in(*flight).machine.remember_attempts(attempts);
    table_.enter(names.value_key, flight);
  }
  step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.start_cold(out); });
}

}  // namespace drover::detail
