// SPDX-License-Identifier: MIT
// The part of a read that waits: aboard a flight, until it leads, is served, or goes its own way.
#include <exception>
#include <stop_token>
#include <utility>

#include "cache/aboard.hpp"
#include "cache/load_chain.hpp"
#include "cache/reading.hpp"

namespace drover::detail {

reading::woke reading::wait(live_flight& flight, std::uint64_t stamp) {
  const std::stop_callback wake_up{limits_.stop, [&flight] { flight.word.wake_all(); }};
  std::optional<steady_time> until = wait_limit_.deadline;
  if (wait_ends_ && (!until || *wait_ends_ < *until)) until = wait_ends_;
  while (true) {
    const std::uint32_t seen = flight.word.read();
    if (flight.ended.load(std::memory_order_acquire)) {
      return flight.machine.end().is_for(stamp) ? woke::ended : woke::restart;
    }
    if (stamp >= flight.let_go_from.load()) return woke::restart;
    if (flight.lead_offered.load(std::memory_order_relaxed) &&
        flight.lead_offered.exchange(false)) {
      return woke::lead;
    }
    if (limits_.stop.stop_requested()) return woke::stopped;
    std::optional<microseconds> left;
    if (until) {
      left = *until - store::now();
      if (left->count() <= 0) return woke::deadline;
    }
    flight.word.wait(seen, left);
  }
}

reading::maybe reading::fly(core::beginning how) {
  if (!std::exchange(missed_, true)) counters::add(of_->counted.misses);
  auto made =
      core_.board({.of = of_, .names = names_, .how = how, .refused = refused_, .solo = solo_});
  if (!made) refuse(refused::reason::saturated);
  const aboard on{core_, *std::move(made)};
  live_flight& flight = *on.flight();
  const steady_time began = store::now();
  if (of_->policy.wait_max.count() > 0 && !wait_ends_) {
    wait_ends_ = began + of_->policy.wait_max;  // once a call, however often it starts again
  }
  while (true) {
    switch (wait(flight, on.stamp())) {
      case woke::lead:
        if (maybe mine = lead(on.flight())) return mine;
        continue;  // handed to the pool
      case woke::ended: of_->counted.add_wait(store::now() - began); return joined(flight);
      case woke::restart: return std::nullopt;
      case woke::deadline: refuse(refused::reason::timed_out);
      case woke::stopped: refuse(refused::reason::stopped);
    }
  }
}

// A caller with limits of its own cannot leave a loader that runs on its thread: the pool runs it
// then, unless the loader is borrowed, or this thread is inside a load already and might wait for
// itself.
bool reading::delegate(const flight_ptr& flight) {
  const bool has_limits = limits_.deadline.has_value() || limits_.stop.stop_possible();
  if (borrowed_ != nullptr || !has_limits || load_chain::is_inside_a_load()) return false;
  return core_.load_in_background(flight);
}

reading::maybe reading::lead(const flight_ptr& flight) {
  if (delegate(flight)) return std::nullopt;
  core::load_end end = core_.run_load(flight, loader());
  if (!end.ran) return std::nullopt;  // withdrawn: the flight has ended, and the next look says how
  if (end.failure) std::rethrow_exception(end.failure);
  // Others are served when the fill is certain; this caller waits for that too, so that what it
  // tells the world next finds the entry stored.
  wait_ends_.reset();
  static_cast<void>(wait(*flight, 0));
  return erased_fetched{
      std::move(end.value), flight->machine.is_bypass() ? served::bypassed : served::loaded, {}};
}

reading::maybe reading::joined(live_flight& flight) {
  counters& counted = of_->counted;
  const fetch::ending& end = flight.machine.end();
  switch (end.what) {
    case fetch::ending::how::read: return read_by_lease(end);
    case fetch::ending::how::loaded: {
      counters::add(counted.joins);
      counters::add(counted.loads_avoided);
      const microseconds age = store::now() - flight.load_began;
      return erased_fetched{flight.value, end.without_redis ? served::bypassed : served::joined,
                            std::chrono::duration_cast<duration>(age)};
    }
    case fetch::ending::how::failed_here:
    case fetch::ending::how::timed_out:
      counters::add(counted.failures_shared);
      counters::add(counted.loads_avoided);
      std::rethrow_exception(flight.failure);
    case fetch::ending::how::failed_elsewhere: {
      const entry::decoded failed = entry::decode(end.entry_bytes);
      counters::add(counted.loads_avoided);
      const bool genuine = entry::is_genuine(failed, names_.digest);
      throw_failed(failed.head, genuine ? failed.payload : std::string_view{});
    }
    case fetch::ending::how::dissolved: return std::nullopt;
  }
  return std::nullopt;
}

reading::maybe reading::read_by_lease(const fetch::ending& end) {
  const fetch::judgement found = fetch::judge(end.entry_bytes, names_.digest, end.server_now);
  if (found.what == fetch::finding::damaged) {
    count_corrupt("an entry that is damaged or belongs to another key");
    refused_ = found.read.head.produced_by;
  }
  if (found.what != fetch::finding::fresh && found.what != fetch::finding::stale) {
    return std::nullopt;
  }
  const entry::envelope& head = found.read.head;
  const bool absent = head.what == entry::kind::absent;
  erased_value value = absent ? nullptr : decode(found.read.payload, head);
  if (!absent && !value) return std::nullopt;
  if (found.what == fetch::finding::stale) return serve_stale(head, std::move(value));
  counters::add(of_->counted.joins);
  counters::add(of_->counted.loads_avoided);
  return erased_fetched{std::move(value), served::joined, entry::age_of(head, end.server_now)};
}

}  // namespace drover::detail
