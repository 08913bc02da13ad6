// SPDX-License-Identifier: MIT
// What a simulated program checks: each value, its age, how long a call took, how many loads run at
// once, and the counters of its caches.
#include <algorithm>
#include <cstdlib>

#include "world/play/program.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

constexpr std::int64_t ppm = 1'000'000;

}  // namespace

using namespace std::chrono_literals;

void program::check_value(row of, std::uint32_t floor, virtual_time began,
                          const std::optional<std::string>& value, std::optional<served> how) {
  const arena::on_account_of account{arena::harness};
  if (how == served::stale) in_.add(overlap::stale_served);
  if (how == served::bypassed) in_.add(overlap::bypassed);
  if (!value) return check_absence(of, floor, how);
  const auto read = parse_value(*value);
  if (!read) return in_.report("mixed", name_of(of) + " got a value that no load returned");
  if (read->of != of)
    return in_.report("identity", name_of(of) + " got a value of " + name_of(read->of));
  if (read->load >= in_.database.loads().size())
    return in_.report("mixed", name_of(of) + " got the value of a load that never ran");
  const load_record& load = in_.database.load(read->load);
  if (load.process != number_) in_.add(overlap::joined_another_process);
  if (read->version > in_.database.version(of))
    in_.report("future", name_of(of) + " got a version that was not written");
  const bool was_stored = how == served::fresh || how == served::stale;
  if (was_stored && read->version < pending_floor(of, began)) {
    in_.report("stale", name_of(of) + " was served from the store while its invalidation by the " +
                            "same process was not acknowledged");
  }
  if (read->version < floor && how != served::bypassed && (how || load.process != number_)) {
    in_.report("stale",
               name_of(of) + " got version " + std::to_string(read->version) + " of load " +
                   std::to_string(read->load) + ", but the invalidation for version " +
                   std::to_string(floor) + " was acknowledged before the call (" +
                   (how ? std::string{to_string(*how)} : std::string{"peek or get_or_load"}) + ")");
  }
  check_age(of, load, began, how);
  // A late result goes to the load's own callers, and is not stored.
  const virtual_time span = load.end.value_or(in_.system.now()) - load.begin;
  if (was_stored && span > virtual_time{in_.planned.policy.load_max} * 103 / 100 + 5ms)
    in_.report("late_result", name_of(of) + " got a stored value whose load passed load_max");
}

// Some version since the floor must say that there is no such row.
void program::check_absence(row of, std::uint32_t floor, std::optional<served> how) {
  if (!how || how == served::bypassed) return;
  bool is_possible = false;
  for (std::uint32_t version = floor; version <= in_.database.version(of); ++version)
    is_possible = is_possible || !in_.database.has_row(of, version);
  if (!is_possible)
    in_.report("stale", name_of(of) + " is absent, but no version since the floor is");
}

// A process does not serve what it has changed, even before a server acknowledges it.
std::uint32_t program::pending_floor(row of, virtual_time began) const {
  std::uint32_t floor = 0;
  if (in_.planned.options.invalidations_max < 100) return floor;
  for (const auto& pending : in_.pending) {
    if (pending.of == of && pending.process == number_ && pending.since <= began)
      floor = std::max(floor, pending.version);
  }
  return floor;
}

// Only where the clocks of the processes and of the server run alike.
void program::check_age(row of, const load_record& load, virtual_time began,
                        std::optional<served> how) {
  if (how != served::fresh && how != served::stale) return;
  const bool has_odd_clock =
      std::ranges::any_of(in_.planned.faults,
                          [](const planned_fault& fault) {
                            return fault.is == planned_fault::kind::step_server_clock;
                          }) ||
      std::ranges::any_of(in_.planned.processes,
                          [](const planned_process& process) { return process.drift_ppm != 0; });
  if (has_odd_clock) return;
  const drover::policy& with = in_.planned.policy;
  // The offset of the server's clock is known to about a round trip, and a load that takes longer
  // than the ttl leaves 50 ms.
  const virtual_time slack = 4 * in_.longest_delay() + 4ms;
  const virtual_time load_span = load.end.value_or(in_.system.now()) - load.begin;
  const virtual_time fresh =
      std::max<virtual_time>(with.ttl, load_span + std::min<virtual_time>(with.ttl, 50ms));
  const virtual_time limit = fresh + (how == served::stale ? with.grace : duration{}) + slack;
  if (began - load.begin <= limit) return;
  in_.report("old", name_of(of) + " was served " + std::string{to_string(*how)} + " " +
                        std::to_string((began - load.begin) / 1us) + " us after its load began");
}

void program::check_span(const planned_call& planned, virtual_time began, virtual_time ended,
                         virtual_time paused_before) {
  const virtual_time span = ended - began - (paused_for() - paused_before);
  const row of{planned.cache, planned.key};
  virtual_time most = longest_wait(of, began);
  // A loader of get_or_load runs on the caller's thread, whatever the limits.
  // A mixed executor runs some loads there, too.
  const bool can_leave =
      planned.is == planned_call::kind::get && in_.planned.executor != executor_kind::mixed;
  // The limits are times of the process's own clock.
  const auto own_time = [this](virtual_time span_of_process) {
    return span_of_process + span_of_process / ppm * std::abs(planned_.drift_ppm) * 2 + 2ms;
  };
  if (planned.deadline && can_leave) most = std::min(most, own_time(*planned.deadline));
  if (planned.stop_after && can_leave) most = std::min(most, own_time(*planned.stop_after));
  if (span <= most) return;
  in_.report("late", std::string{name_of(planned.is)} + ' ' + name_of(of) + " took " +
                         std::to_string(span.count() / 1000) + " us; the limit is " +
                         std::to_string(most.count() / 1000) + " us");
}

// The sum that the docstring of `cache::get` gives. The loader of the call itself is not bounded.
virtual_time program::longest_wait(row of, virtual_time began) const {
  const drover::policy& with = in_.planned.policy;
  const client_options& options = in_.planned.options;
  std::int64_t loads = 1;
  virtual_time own_loads{};
  for (const load_record& load : in_.database.loads()) {
    if (load.end && *load.end < began) continue;
    if (load.of == of) ++loads;
    if (load.thread == in_.system.running().number && load.process == number_)
      own_loads += load.end.value_or(in_.system.now()) - load.begin;
  }
  const std::int64_t turns = 1 + static_cast<std::int64_t>(planned_.threads.size());
  const std::int64_t dead_holders = std::ranges::count_if(in_.processes, [](const process* other) {
    return !other->is_alive || other->paused_for > virtual_time{} || other->is_paused;
  });
  const virtual_time sum = virtual_time{with.load_max} * (loads + turns) +
                           virtual_time{with.lease_ttl} * dead_holders +
                           virtual_time{options.connect_max + options.silence_max * 8};
  return sum * 103 / 100 + own_loads + 50ms;
}

// While nothing is wrong, a call takes no longer than loads run beside it, and some round trips.
// Loads of other keys count, because a granted refresh may wait for the thread of another one.
void program::check_promptness(const planned_call& planned, virtual_time began) {
  const bool is_usual = in_.planned.faults.empty() && in_.planned.options.flights_max > 100 &&
                        in_.planned.options.waiters_max > 100 && in_.planned.loader.hanging == 0 &&
                        planned_.drift_ppm == 0 && in_.planned.executor != executor_kind::mixed;
  const bool is_read =
      planned.is == planned_call::kind::get || planned.is == planned_call::kind::get_or_load;
  if (!is_usual || !is_read || planned.deadline || planned.stop_after) return;
  const row of{planned.cache, planned.key};
  const virtual_time now = in_.system.now();
  virtual_time loads{};
  for (const load_record& load : in_.database.loads()) {
    const virtual_time end = load.end.value_or(now);
    const bool is_own = load.thread == in_.system.running().number && load.process == number_;
    if (end < began) continue;
    const virtual_time span = end - std::max(load.begin, began);
    loads += is_own ? span : std::min<virtual_time>(span, in_.planned.policy.load_max);
  }
  // The first call of a process connects, and sends all scripts.
  const virtual_time trips = 100 * in_.longest_delay() + 30ms;
  if (now - began <= loads * 103 / 100 + trips) return;
  in_.report("slow", std::string{name_of(planned.is)} + ' ' + name_of(of) + " took " +
                         std::to_string((now - began) / 1us) +
                         " us, and nothing is wrong; its loads took " +
                         std::to_string(loads / 1us) + " us");
}

bool program::is_a_refresh(const load_record& load) const {
  const auto began = in_.refreshes.find({load.process, load.of});
  return began != in_.refreshes.end() && began->second <= load.begin &&
         load.begin - began->second < 1ms;
}

// One load of a key at a time: in all processes while nothing is wrong, and in one process except
// in the cases that the documentation of `cache` lists.
void program::check_single_load(row of, std::size_t number) {
  const bool is_calm = in_.planned.is_calm();
  // Beyond `flights_max` a key is loaded without a flight.
  const bool may_overlap = in_.planned.has_limits() || in_.planned.options.flights_max < 100;
  for (std::size_t i = 0; i < number; ++i) {
    const load_record& other = in_.database.load(i);
    // Its lease was granted about a round trip before it began.
    const virtual_time granted = other.begin - 2 * in_.longest_delay() - 1ms;
    if (other.of != of || other.end || in_.database.has_changed(of, granted)) continue;
    // Either may be a refresh that waited for a thread while its entry was changed.
    const bool is_refresh = is_a_refresh(other) || is_a_refresh(in_.database.load(number));
    if (is_refresh || in_.is_ending.at(other.process)) continue;
    if (is_calm)
      in_.report("twice", name_of(of) + " is loaded twice at once, and nothing is wrong");
    // Loads without Redis are bounded by turns.
    const bool is_bypass = other.is_bypass || in_.database.load(number).is_bypass;
    if (may_overlap || is_bypass || other.process != number_) continue;
    const auto lost = in_.lost_leases.find({number_, of});
    // A queued load may begin after its lease was lost.
    const virtual_time queued = other.begin - in_.planned.policy.load_max;
    if (lost != in_.lost_leases.end() && lost->second >= queued) continue;
    // By a clock that may run a little faster.
    if ((in_.system.now() - other.begin) * 101 / 100 >= in_.planned.policy.load_max) continue;
    in_.report("twice", name_of(of) + " is loaded twice at once by process " +
                            std::to_string(number_) + " (load " + std::to_string(i) + ")");
  }
}

void program::check_counters() {
  for (unsigned i = 0; i < cache_count; ++i) {
    const cache_stats counted = caches_[i]->stats();
    const auto compare = [&](std::string_view name, std::uint64_t theirs, std::uint64_t own) {
      if (theirs == own) return;
      in_.report("counters", std::string{name} + " of cache " + std::to_string(i) + " is " +
                                 std::to_string(theirs) + ", but it was " + std::to_string(own));
    };
    compare("loads", counted.loads, counts_[i].loads);
    // A call of get_or_load does not say how it was served.
    const auto compare_with_unknown = [&](std::string_view name, std::uint64_t theirs,
                                          std::uint64_t own) {
      compare(name, theirs, std::clamp(theirs, own, own + counts_[i].unknown));
    };
    compare_with_unknown("hits", counted.hits, counts_[i].fresh);
    compare_with_unknown("stale_served", counted.stale_served, counts_[i].stale);
    compare("refused", counted.refused, counts_[i].refused);
    compare("invalidations", counted.invalidations, counts_[i].invalidations);
  }
}

}  // namespace drover::world
