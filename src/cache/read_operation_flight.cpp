// SPDX-License-Identifier: MIT
// The part of a read that waits in a flight until it leads, is served, or starts again.
#include <algorithm>
#include <exception>
#include <stop_token>
#include <utility>

#include "base/printing.hpp"
#include "cache/load_chain.hpp"
#include "cache/read_operation.hpp"

namespace drover::detail {

namespace {

constexpr std::size_t failure_text_max = 200;
// How often a call that found no thread for its load tries again.
constexpr microseconds thread_pause = milliseconds{10};

load_failed::reason reason_of(entry::failure_class failure) {
  return static_cast<load_failed::reason>(failure);
}

}  // namespace

// The reason for which this caller must wake up now, if any.
std::optional<read_operation::woke> read_operation::look(live_flight& flight, std::uint64_t stamp) {
  if (flight.ended.load(std::memory_order_acquire)) return woke::ended;
  if (stamp >= flight.let_go_from.load()) return woke::restart;
  if (flight.may_begin.load(std::memory_order_relaxed)) {
    const bool leaves_it_to_a_thread = needs_thread_ && flight.has_free_thread.load();
    if (can_lead_ && !leaves_it_to_a_thread) return woke::lead;
    if (!flight.has_thread.exchange(true)) return woke::needs_thread;
  }
  if (limits_.stop.stop_requested()) return at_deadline(flight, stamp);
  if (reply_due_ && *reply_due_ <= store::now()) {
    if (flight.awaits_reply.load()) return woke::reply_late;
    if (stamp < flight.value_for_stamps.load(std::memory_order_acquire)) return woke::value_ready;
  }
  return std::nullopt;
}

// At its deadline, or when it is stopped, a caller gets a loaded value even if the fill is not
// acknowledged yet.
read_operation::woke read_operation::at_deadline(const live_flight& flight,
                                                 std::uint64_t stamp) const {
  if (stamp < flight.value_for_stamps.load(std::memory_order_acquire)) return woke::value_ready;
  return limits_.stop.stop_requested() ? woke::stopped : woke::deadline;
}

read_operation::woke read_operation::wait(live_flight& flight, std::uint64_t stamp) {
  const std::stop_callback wake_up{limits_.stop, [&flight] { flight.word.wake_all(); }};
  std::optional<steady_time> until = deadline_;
  if (wait_ends_ && (!until || *wait_ends_ < *until)) until = wait_ends_;
  const auto group = can_lead_ ? wait_word::group::can_lead : wait_word::group::limited;
  while (true) {
    const std::uint32_t expected = flight.word.read();
    if (const auto why = look(flight, stamp)) return *why;
    std::optional<microseconds> left;
    if (until) {
      const steady_time now = store::now();
      left = *until - now;
      if (left->count() <= 0) return at_deadline(flight, stamp);
      if (reply_due_ && *reply_due_ > now) left = std::min(*left, *reply_due_ - now);
    }
    flight.word.wait(expected, left, group);
  }
}

read_operation::round read_operation::join_flight(fetch::beginning start) {
  keep_ = core_.shared_from_this();
  const steady_time began = store::now();
  if (!waits_since_) waits_since_ = began;
  auto joined = core_.flights().join_or_start_flight({.part = part_,
                                                      .names = names_,
                                                      .start = start,
                                                      .refused = refused_,
                                                      .can_lead = can_lead_,
                                                      .waits_since = *waits_since_});
  if (!std::exchange(missed_, true)) counters::add(part_->counted.misses);
  if (!joined) refuse(refused::reason::saturated);
  if (part_->policy.wait_max.count() > 0 && !wait_ends_) {
    // Set once for each call, however often the call starts again.
    wait_ends_ = began + part_->policy.wait_max;
  }
  {
    const flight_membership membership{core_.flights(), *std::move(joined), can_lead_};
    round ended = wait_as_member(membership, start, began);
    const bool shares_a_load = std::exchange(load_runs_, false);
    const bool is_late = std::exchange(reply_is_late_, false);
    if (!shares_a_load && !is_late) return ended;
    start = shares_a_load ? fetch::beginning::bypass : fetch::beginning::bypass_alone;
  }
  return bypass(start);
}

read_operation::round read_operation::wait_as_member(const flight_membership& membership,
                                                     fetch::beginning start, steady_time began) {
  live_flight& flight = *membership.flight();
  const bool bypasses = start != fetch::beginning::cold;
  while (true) {
    switch (wait(flight, membership.stamp())) {
      case woke::lead:
        if (needs_thread_ && hand_to_thread(membership.flight())) continue;
        if (round led = lead(membership.flight()); led.is_over()) return led;
        continue;  // another thread has begun the load
      case woke::needs_thread:
        if (!hand_to_thread(membership.flight()) && !flight.in_background) {
          core_.flights().thread_missing(membership.flight());
        }
        continue;
      case woke::ended:
        part_->counted.add_wait(store::now() - began);
        if (!flight.ending.is_for(membership.stamp(), bypasses)) return {};
        return joined(flight, flight.ending.is_for(membership.stamp()));
      case woke::value_ready: return take_value(flight, false);
      case woke::reply_late: reply_is_late_ = true; return {};
      case woke::restart: return {};
      case woke::deadline:
        found_no_thread_ = found_no_thread_ || (needs_thread_ && flight.may_begin);
        refuse(refused::reason::timed_out);
      case woke::stopped: refuse(refused::reason::stopped);
    }
  }
}

// A caller with limits of its own cannot leave a loader that runs on its thread, so the load goes
// to another thread. A caller inside a load uses only a free thread: behind a busy thread it might
// wait for itself.
bool read_operation::hand_to_thread(const flight_ptr& flight) {
  const bool is_inside = load_chain::is_inside_a_load();
  if (is_inside && flight->has_thread.exchange(true)) return false;
  const bool has_thread = core_.load_in_thread(flight, is_inside);
  if (has_thread && is_inside) flight->has_free_thread.store(true);
  found_no_thread_ = !has_thread && !is_inside;
  return has_thread;
}

read_operation::round read_operation::lead(const flight_ptr& flight) {
  flight_runner::load_end end =
      core_.flights().run_load(flight, loader(), flight_runner::load_runner::caller);
  if (!end.ran) return {};
  tried_own_ = true;
  if (end.failure) return {.failure = end.failure};
  // Other callers are served when the fill is acknowledged. The leader also waits for that, so that
  // requests that it causes afterwards find the entry stored.
  wait_ends_.reset();
  if (!core_.is_inherited()) static_cast<void>(wait(*flight, 0));
  return {
      erased_fetched{std::move(end.value), end.is_bypass ? served::bypassed : served::loaded, {}},
      {}};
}

// `is_vouched_for`: callers that ask Redis may have this ending, too. A caller that does not ask
// may share a leased load that an invalidation of another process has overtaken: `bypassed`.
read_operation::round read_operation::joined(live_flight& flight, bool is_vouched_for) {
  using fetch::flight_outcome;
  const fetch::ending& end = flight.ending;
  switch (end.outcome) {
    case flight_outcome::read:
      was_pending_ = flight.read_while_pending;
      server_ = flight.read_at;
      return read_by_lease(end);
    case flight_outcome::loaded: return take_value(flight, end.without_redis || !is_vouched_for);
    case flight_outcome::failed_here:
    case flight_outcome::timed_out:
      if (may_try_own(end.token)) return {};
      return failed_here(flight);
    case flight_outcome::failed_elsewhere: {
      const entry::decoded failed = entry::decode(end.entry_bytes);
      was_pending_ = flight.read_while_pending;
      server_ = flight.read_at;
      if (refuse_pending(failed.head)) return {};
      if (may_try_own(failed.head.produced_by)) return {};
      counters::add(part_->counted.loads_avoided);
      const bool genuine = entry::is_genuine(failed, names_.digest);
      return failed_elsewhere(failed.head, genuine ? failed.payload : std::string_view{});
    }
    case flight_outcome::dissolved: return {};
    case flight_outcome::not_begun: return without_a_thread();
    case flight_outcome::runs_already: load_runs_ = true; return {};
    case flight_outcome::saturated: refuse(refused::reason::saturated);
  }
  return {};
}

// Exactly one caller of a load counts as the one that loaded, whichever thread ran the load.
read_operation::round read_operation::take_value(live_flight& flight, bool bypassed) {
  const bool is_own = !flight.is_claimed.exchange(true);
  if (!is_own) {
    counters::add(part_->counted.joins);
    counters::add(part_->counted.loads_avoided);
  }
  const served source = bypassed ? served::bypassed : is_own ? served::loaded : served::joined;
  const microseconds age = store::now() - flight.result.began;
  return {erased_fetched{flight.result.value, source,
                         is_own ? duration{} : std::chrono::duration_cast<duration>(age)},
          {}};
}

read_operation::round read_operation::read_by_lease(const fetch::ending& end) {
  const fetch::judgement judgement =
      fetch::judge(end.entry_bytes, names_.digest, end.server_now, server().trusted(),
                   part_->policy.failure_pause_max);
  const entry::envelope& head = judgement.read.head;
  if (judgement.state == fetch::finding::damaged) {
    count_corrupt("an entry that is damaged or belongs to another key");
    ++no_progress_;
    refused_ = head.produced_by;
    static_cast<void>(verify(deadline_));
  }
  if (judgement.state != fetch::finding::fresh && judgement.state != fetch::finding::stale)
    return {};
  if (refuse_pending(head)) return {};
  const bool absent = head.kind == entry::kind::absent;
  erased_value value = absent ? nullptr : decode(judgement.read.payload, head);
  if (!absent && !value) return {};
  if (judgement.state == fetch::finding::stale) return serve_stale(judgement, std::move(value));
  counters::add(part_->counted.joins);
  counters::add(part_->counted.loads_avoided);
  return {erased_fetched{std::move(value), served::joined, entry::age_of(head, end.server_now)},
          {}};
}

// The grant was given back. The call starts again, because another process may load the key now. A
// caller that found no thread pauses first, because a thread may become free.
read_operation::round read_operation::without_a_thread() {
  found_no_thread_ = found_no_thread_ || needs_thread_;
  if (!found_no_thread_) return {};
  if (!deadline_) refuse(refused::reason::saturated);
  wait_word pause;
  const std::stop_callback wake_up{limits_.stop, [&pause] { pause.wake_all(); }};
  const std::uint32_t expected = pause.read();
  if (!limits_.stop.stop_requested()) {
    pause.wait(expected,
               std::min(thread_pause, std::max(*deadline_ - store::now(), microseconds{0})),
               wait_word::group::limited);
  }
  if (limits_.stop.stop_requested()) refuse(refused::reason::stopped);
  return {};
}

// As in `take_value`, exactly one caller counts as the one that loaded.
read_operation::round read_operation::failed_here(live_flight& flight) {
  if (flight.is_claimed.exchange(true)) {
    counters::add(part_->counted.failures_shared);
    counters::add(part_->counted.loads_avoided);
  }
  return {.failure = flight.result.failure};
}

read_operation::round read_operation::failed_elsewhere(const entry::envelope& head,
                                                       std::string_view payload) {
  counters::add(part_->counted.failures_shared);
  const auto remembered = core_.remembered().find(names_.value_key, store::now());
  if (remembered && remembered->token == head.produced_by)
    return {.failure = remembered->exception};
  // Other processes write this entry, so its times are clamped and its text is escaped, although
  // the writer should have escaped it.
  const milliseconds longest = part_->policy.failure_pause_max * 6 / 5;
  const milliseconds left = head.until - server().server_now().value_or(head.until);
  throw load_failed{reason_of(head.failure), head.attempts,
                    std::clamp(left, milliseconds{0}, longest),
                    base::printable(payload, failure_text_max)};
}

// A caller with a loader of its own tries that loader once before it gets the failure of another
// load.
bool read_operation::may_try_own(const entry::token& failed) {
  if (borrowed_ == nullptr || tried_own_) return false;
  refused_ = failed;
  return true;
}

}  // namespace drover::detail
