// SPDX-License-Identifier: MIT
// What a simulated program checks: each value, its age, how long a call took, how many loads run at
// once, and the counters of its caches.
#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "world/play/foreign_entries.hpp"
#include "world/play/program.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
using namespace std::chrono_literals;

void program::check_value(row of, std::uint32_t floor, virtual_time began,
                          const std::optional<std::string>& value, std::optional<served> how) {
  const arena::on_account_of account{arena::harness};
  if (!value) return check_absence(of, floor, how);
  if (in_.planned.has_foreign_bytes() && value->starts_with(foreign_value)) return;
  const auto read = parse_value(*value);
  if (!read) return in_.report("mixed", name_of(of) + " got a value that no load returned");
  if (read->of != of)
    return in_.report("identity", name_of(of) + " got a value of " + name_of(read->of));
  if (read->load >= in_.database.loads().size())
    return in_.report("mixed", name_of(of) + " got the value of a load that never ran");
  const load_record& load = in_.database.load(read->load);
  load_record& told = in_.database.load(read->load);
  if (how == served::loaded && std::exchange(told.is_claimed, true))
    in_.report("claimed", "two callers were told that they loaded " + name_of(of));
  if (how == served::bypassed) told.is_told_bypassed = true;
  if (how == served::joined && load.process == number_ && began <= load.begin)
    told.is_told_joined = true;
  if (load.process != number_) in_.add(overlap::joined_another_process);
  if (read->version > in_.database.version(of))
    in_.report("future", name_of(of) + " got a version that was not written");
  if (how == served::bypassed) check_bypassed(of, load, began);
  // A call of get_or_load does not say how it was served. What no load of its process brought while
  // it ran was stored.
  const bool ran_here = load.process == number_ && (!load.end || *load.end >= began);
  if (!how && !ran_here) how = served::stale;
  const bool was_stored = how == served::fresh || how == served::stale;
  if (was_stored && read->version < pending_floor(of, began)) {
    in_.report("stale", name_of(of) + " was served from the store while its invalidation by the " +
                            "same process was not acknowledged");
  }
  // A restored snapshot may serve older entries as stale.
  const bool may_be_older =
      !how || how == served::bypassed ||
      (how == served::stale && in_.planned.has_fault(planned_fault::kind::restore_server));
  if (read->version < floor && !may_be_older) {
    in_.report("stale", name_of(of) + " got version " + std::to_string(read->version) +
                            " of load " + std::to_string(read->load) +
                            ", but the invalidation for version " + std::to_string(floor) +
                            " was acknowledged before the call (" + std::string{to_string(*how)} +
                            ")");
  }
  check_age(of, load, began, how);
  // A late result goes to the load's own callers, and is not stored.
  const virtual_time span = load.end.value_or(in_.system.now()) - load.begin;
  if (was_stored && span > virtual_time{in_.planned.policy.load_max} * 103 / 100 + 5ms)
    in_.report("late_result", name_of(of) + " got a stored value whose load passed load_max");
}

// A call that cannot ask Redis loads, or shares a load that runs in its process.
void program::check_bypassed(row of, const load_record& load, virtual_time began) {
  if (load.process != number_)
    return in_.report("bypassed", name_of(of) + " bypassed Redis with a load of another process");
  if (load.end && *load.end < began - 5ms)
    in_.report("bypassed", name_of(of) + " bypassed Redis with a load that had ended before");
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

// Half of a round trip. A fault may make that of the handshake so long.
virtual_time program::clock_error() const {
  virtual_time longest{};
  for (const planned_fault& fault : in_.planned.faults) {
    using kind = planned_fault::kind;
    const bool is_mine =
        fault.process == number_ && (fault.is == kind::pause_process || fault.is == kind::block);
    if (is_mine || fault.is == kind::freeze_server) longest += fault.length;
    if (fault.is == kind::slow && fault.process == number_) longest += 2 * fault.length;
  }
  return longest / 2;
}

// Only where the clocks of the processes and of the server run alike.
void program::check_age(row of, const load_record& load, virtual_time began,
                        std::optional<served> how) {
  if (!how || how == served::loaded || how == served::bypassed) return;
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
  const virtual_time slack = 4 * in_.longest_delay() + 4ms + clock_error();
  const virtual_time load_span = load.end.value_or(in_.system.now()) - load.begin;
  const virtual_time fresh =
      std::max<virtual_time>(with.ttl, load_span + std::min<virtual_time>(with.ttl, 50ms));
  const virtual_time limit = fresh + (how != served::fresh ? with.grace : duration{}) + slack;
  if (began - load.begin <= limit) return;
  in_.report("old", name_of(of) + " was served " + std::string{to_string(*how)} + " " +
                        std::to_string((began - load.begin) / 1us) + " us after its load began");
}

bool program::is_a_refresh(const load_record& load) const {
  const auto began = in_.refreshes.find({load.process, load.of});
  return began != in_.refreshes.end() && began->second <= load.begin &&
         load.begin - began->second < 1ms;
}

// What was not acknowledged, and on another server also what was.
bool program::is_sent_again(row of) const {
  const plan& with = in_.planned;
  const bool is_another = with.restarts_server() || with.has_fault(planned_fault::kind::replica);
  return in_.sent_again.contains(of) ||
         (is_another && std::ranges::any_of(in_.invalidated_by, [of](const auto& invalidated) {
            return invalidated.first.second == of;
          }));
}

// One load of a key at a time: in all processes while nothing is wrong, and in one process except
// in the cases that the documentation of `cache` lists.
void program::check_single_load(row of, std::size_t number) {
  const bool is_calm = in_.planned.is_calm();
  // A call with a deadline may load beside the flight while Redis is slow, and one without memory
  // or threads beside the engine.
  const bool may_overlap = in_.planned.has_deadlines() ||
                           in_.planned.has_fault(planned_fault::kind::no_threads) ||
                           in_.planned.has_fault(planned_fault::kind::no_descriptors);
  for (std::size_t i = 0; i < number; ++i) {
    const load_record& other = in_.database.load(i);
    // Its lease was granted about a round trip before it began.
    const virtual_time granted =
        std::min(other.begin, in_.database.load(number).granted) - 2 * in_.longest_delay() - 1ms;
    if (other.of != of || other.end || in_.database.has_changed(of, granted)) continue;
    // Either may be a refresh that waited for a thread while its entry was changed.
    const bool is_refresh = is_a_refresh(other) || is_a_refresh(in_.database.load(number));
    if (is_refresh || in_.is_ending.at(other.process)) continue;
    // By a clock that may run a little faster.
    if ((in_.system.now() - other.granted) * 101 / 100 >= in_.planned.policy.load_max) continue;
    if (is_calm)
      in_.report("twice", name_of(of) + " is loaded twice at once, and nothing is wrong");
    if (may_overlap || other.process != number_) continue;
    // Redis answers again. What runs without it may have missed an invalidation.
    const auto loss = in_.connection_losses.find(number_);
    const bool was_lost = loss != in_.connection_losses.end() &&
                          loss->second >= std::min(other.begin, other.granted) - 1ms;
    const bool asked_redis = !in_.database.load(number).is_without_redis;
    if (was_lost && other.may_be_without_redis && asked_redis) continue;
    // Its lease ended while the process could not be told, or by an invalidation that was sent
    // again.
    const bool is_void = in_.leases_voided && *in_.leases_voided >= granted;
    if (was_lost && (is_void || is_sent_again(of))) continue;
    const auto lost = in_.lost_leases.find({number_, of});
    // A queued load may begin after its lease was lost.
    const virtual_time queued = other.begin - in_.planned.policy.load_max;
    if (lost != in_.lost_leases.end() && lost->second >= queued) continue;
    in_.report("twice", name_of(of) + " is loaded twice at once by process " +
                            std::to_string(number_) + " (load " + std::to_string(i) + ")");
  }
}

void program::check_counters() {
  const arena::on_account_of account{arena::harness};
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
    auto& reported = in_.events[{number_, i}];
    const std::tuple<std::string_view, std::uint64_t, event_kind> by_event[] = {
        {"refreshes", counted.refreshes, event_kind::refresh_started},
        {"fills", counted.fills, event_kind::fill_stored},
        {"fills_refused", counted.fills_refused, event_kind::fill_refused},
        {"not_stored", counted.not_stored, event_kind::fill_skipped},
        {"leases_granted", counted.leases_granted, event_kind::lease_granted},
        {"leases_lost", counted.leases_lost, event_kind::lease_lost},
        {"take_overs", counted.take_overs, event_kind::lease_taken_over},
        {"corrupt_entries", counted.corrupt_entries, event_kind::entry_corrupt},
        {"refreshes_dropped", counted.refreshes_dropped, event_kind::refresh_dropped},
        {"stale_served", counted.stale_served, event_kind::stale_served},
        {"invalidations_dropped", counted.invalidations_dropped, event_kind::invalidation_dropped},
    };
    for (const auto& [name, theirs, kind] : by_event) compare(name, theirs, reported[kind]);
    compare("invalidations_unknown", counted.invalidations_unknown,
            reported[event_kind::invalidation_unknown]);
  }
}

}  // namespace drover::world
