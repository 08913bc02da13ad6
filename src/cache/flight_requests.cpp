// SPDX-License-Identifier: MIT
// The requests of the machines to the store, and the handling of the replies.
#include <algorithm>
#include <string>
#include <utility>

#include "cache/flight_runner.hpp"

namespace drover::detail {

namespace {

using fetch::action_kind;

constexpr milliseconds pending_slack{1000};

// The pending entry gets a ttl as long as that of the value, because Redis evicts keys with a short
// ttl first.
milliseconds pending_ttl(const policy& policy) {
  return std::max<milliseconds>(policy.ttl + policy.grace, policy.load_max) + policy.lease_ttl +
         pending_slack;
}

}  // namespace

void flight_runner::send_lease(const flight_ptr& flight, const fetch::action& action) {
  const policy& policy = flight->part->policy;
  entry::token refused;
  {
    const guard_lock lock{mutex_};
    refused = in(*flight).machine.refused();
  }
  servers_->lease(
      {.value_key = flight->names.value_key,
       .attempt = action.attempt,
       .lease_ttl = policy.lease_ttl,
       .pending_ttl = pending_ttl(policy),
       .previous = action.other,
       .refused = refused,
       .digest = flight->names.digest,
       .failure_pause_max = policy.failure_pause_max},
      [this, flight, attempt = action.attempt, stamp = invalidations_.stamp(),
       was_pending =
           invalidations_.is_pending(flight->names.value_key)](result<store::leased> got) {
        if (!got) {
          report_.tell_fault(got.error(), flight->part.get(), flight->names.key);
        }
        const bool available = servers_->is_available(flight->names.value_key);
        step(flight, [&](fetch::flight& machine, fetch::actions& out) {
          mutex_.assert_held();
          const bool is_latest =
              machine.now_in() == fetch::flight::state::asking && machine.attempt() == attempt;
          if (is_latest) flight->read_while_pending = was_pending;
          if (is_latest && got) {
            flight->read_at = got->by;
            in(*flight).is_tracked = got->is_tracked;
          }
          result<lease::lease_reply> reply =
              got ? result<lease::lease_reply>{std::move(got->reply)} : got.error();
          // Only a granted lease settles the key, because only its load is newer than the
          // invalidations.
          if (is_latest && reply && reply->outcome == lease::lease_outcome::lead) {
            invalidations_.settle(flight->names.value_key, stamp);
          }
          machine.lease_replied(attempt, std::move(reply), available, store::now(), out);
        });
      });
}

void flight_runner::send_renew(const flight_ptr& flight, const entry::token& held) {
  servers_->renew(flight->names.value_key, held, flight->part->policy.lease_ttl,
                  [this, flight](const result<lease::step_reply>& reply) {
                    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                      machine.renew_replied(reply, out);
                    });
                  });
}

void flight_runner::send_fill(const flight_ptr& flight, const fetch::action& action) {
  servers_->fill(
      flight->names.value_key,
      [flight, expected = action.other, produced_by = action.attempt,
       channel = flight->part->keys.wake_channel(flight->names.key)](
          const store::redis_store& on) -> lease::fill_request {
        const load_result& loaded = flight->result;
        return {.value_key = flight->names.value_key,
                .expected = expected,
                .produced_by = produced_by,
                .absent = loaded.is_absent,
                .load_time = loaded.took,
                .times = loaded.times,
                .digest = flight->names.digest,
                .payload = loaded.payload,
                .wake_channel = channel,
                .loaded_at = on.server_latest_at(loaded.began + loaded.took)
                                 .value_or(lease::fill_request::unknown_time)};
      },
      [this, flight](const result<lease::fill_reply>& reply) {
        counters& counted = flight->part->counted;
        if (!reply) {
          report_.tell_fault(reply.error(), flight->part.get(), flight->names.key);
        } else if (reply->outcome == lease::fill_outcome::refused) {
          counters::add(counted.fills_refused);
          counted.add_fault(fault_code::superseded);
          report_.tell(event_kind::fill_refused, *flight);
        } else {
          counters::add(counted.fills);
          report_.tell(event_kind::fill_stored, *flight);
        }
        const bool available = servers_->is_available(flight->names.value_key);
        step(flight, [&](fetch::flight& machine, fetch::actions& out) {
          machine.fill_replied(reply, available, out);
        });
      });
}

void flight_runner::send_failure(const flight_ptr& flight, const fetch::action& action) {
  const load_result& failed = flight->result;
  servers_->fail({.value_key = flight->names.value_key,
                  .held = action.attempt,
                  .attempts = action.attempts,
                  .failure = action.failure,
                  .pause = failed.pause,
                  .key_ttl = 2 * failed.pause + flight->part->policy.lease_ttl,
                  .digest = flight->names.digest,
                  .text = failed.failure_text,
                  .wake_channel = flight->part->keys.wake_channel(flight->names.key)});
}

void flight_runner::send_release(const flight_ptr& flight, const fetch::action& action) {
  const key_names& names = flight->names;
  const std::string channel = flight->part->keys.wake_channel(names.key);
  auto answered = [this, flight](const result<lease::step_reply>& reply) {
    step(flight,
         [&](fetch::flight& machine, fetch::actions& out) { machine.released(reply, out); });
  };
  if (action.kind == action_kind::send_uncacheable) {
    servers_->mark_uncacheable(names.value_key, action.attempt,
                               flight->part->policy.uncacheable_ttl, channel, std::move(answered));
  } else {
    servers_->release(names.value_key, action.attempt, channel, std::move(answered));
  }
}

void flight_runner::send_refresh_mark(const flight_ptr& flight, const fetch::action& action) {
  const cache_part& part = *flight->part;
  servers_->take_refresh_mark(
      part.keys.refresh_mark_key(flight->names.key), flight->names.value_key, action.attempt,
      part.policy.lease_ttl, [this, flight](const result<lease::refresh_mark_reply>& reply) {
        if (!reply) report_.tell_fault(reply.error(), flight->part.get(), flight->names.key);
        const bool runs_elsewhere = reply && !reply->won;
        const entry::decoded read = reply ? entry::decode(reply->head_bytes) : entry::decoded{};
        step(flight, [&](fetch::flight& machine, fetch::actions& out) {
          mutex_.assert_held();
          const steady_time now = store::now();
          // Without this note every stale read would ask for the mark again.
          if (runs_elsewhere) {
            quiet_.note(flight->names.value_key, now + flight->part->policy.lease_ttl / 3);
          }
          const bool still_due = read.format == entry::decoding::ours &&
                                 read.head.kind == entry::kind::value &&
                                 read.head.produced_by == machine.base();
          machine.refresh_mark_replied(reply, still_due, now, out);
        });
      });
}

void flight_runner::send_promote(const flight_ptr& flight, const fetch::action& action) {
  const policy& policy = flight->part->policy;
  servers_->promote(flight->names.value_key, action.other, action.attempt, policy.lease_ttl,
                    pending_ttl(policy), [this, flight](const result<lease::step_reply>& reply) {
                      step(flight, [&](fetch::flight& machine, fetch::actions& out) {
                        machine.promote_replied(reply, out);
                      });
                      key_changed(flight->names.value_key);
                    });
}

}  // namespace drover::detail
