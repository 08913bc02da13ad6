// SPDX-License-Identifier: MIT
// What a simulated program checks of its server: whether it is trusted, what it has done for an
// invalidation, and what the client reports of it.
#include <algorithm>

#include "entry/envelope.hpp"
#include "world/play/program.hpp"
#include "world/play/sabotage.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

// A client looks for another server at once, and later after a pause.
constexpr virtual_time first_look_max = 150ms;
constexpr virtual_time look_max = 1100ms;

}  // namespace

// Nothing is fresh on a connection to a server that was a replica when it was made, and it is given
// up soon after the server has refused a write as a replica.
void program::check_replica(const running_call& call, served how) {
  if (how != served::fresh || !in_.replica_since) return;
  const auto& seen = in_.connections.at(number_);
  const auto lost = in_.connection_losses.find(number_);
  const virtual_time tried_since =
      lost == in_.connection_losses.end() ? virtual_time{planned_.starts} : lost->second;
  const virtual_time patience = lost == in_.connection_losses.end() ? first_look_max : look_max;
  const bool is_made_to_it =
      seen.up_since && *seen.up_since < call.began && *in_.replica_since < tried_since;
  const bool has_refused = seen.refused_since && *in_.replica_since < *seen.refused_since &&
                           *seen.refused_since + patience < call.began && paused_for() == 0ms;
  if (is_made_to_it || has_refused)
    in_.report("replica", name_of(call.of) + " is fresh, but comes from a replica");
}

// An invalidation is acknowledged when the server has carried it out.
void program::check_unstored(row changed, std::uint32_t version) {
  if (in_.planned.has_fault(planned_fault::kind::restore_server)) return;
  const auto bytes = stored_bytes(in_, changed);
  if (!bytes) return;
  const entry::decoded stored = entry::decode(*bytes);
  if (stored.format != entry::decoding::ours || stored.head.kind != entry::kind::value) return;
  const auto read = parse_value(stored.payload);
  if (read && read->of == changed && read->version < version)
    in_.report("stored", name_of(changed) + " was invalidated, but its old value is still stored");
}

// Each process tells another server, or an earlier snapshot, of the invalidations of the last
// minute.
void program::check_repeated(row of) {
  if (in_.planned.options.invalidations_max < 100) return;
  std::uint32_t floor = 0;
  for (const auto& [by, version] : in_.invalidated_by) {
    if (by.second == of && in_.processes[by.first - 1]->is_alive && !in_.is_ending.at(by.first))
      floor = std::max(floor, version);
  }
  if (floor == 0) return;
  const auto value = caches_[of.cache]->peek(key_text(of.key));
  const auto read = value ? parse_value(*value) : std::nullopt;
  if (read && read->of == of && read->version < floor)
    in_.report("repeated",
               name_of(of) + " is stored although the process that invalidated it lives");
}

// Without a server, each key beyond `invalidations_max` has no room, and its callers are told.
void program::check_drops() {
  if (in_.connections.at(number_).has_been_up) return;
  const std::size_t room = in_.planned.options.invalidations_max;
  std::size_t keys = 0;
  std::uint64_t told = 0;
  for (unsigned i = 0; i < cache_count; ++i) {
    keys += failed_invalidations_[i].size();
    told += caches_[i]->stats().invalidations_dropped;
  }
  if (in_.planned.wrong == sabotage::forgets_what_it_drops) told = 0;
  if (keys > room + told)
    in_.report("counters", "there was no room for " + std::to_string(keys - room) +
                               " invalidations, but only " + std::to_string(told) + " were told");
}

// A server that refuses its client is not one that is away.
void program::check_refusal_is_told(const drover::client& of) {
  const plan& with = in_.planned;
  const bool is_withdrawn = with.faults.size() == 1 &&
                            with.faults[0].is == planned_fault::kind::no_permission &&
                            in_.now() < with.faults[0].when + with.faults[0].length &&
                            with.faults[0].when <= planned_.starts;
  const bool has_noticed = is_withdrawn && bypassed_ > 0 && with.options.flights_max > 100 &&
                           with.options.key_max > 100 && !with.has_limits() &&
                           in_.connections.at(number_).up_since &&
                           in_.connection_losses.find(number_) == in_.connection_losses.end();
  const bool is_refused = with.has_wrong_password && with.faults.empty();
  if (!has_noticed && !is_refused) return;
  availability now = of.availability().state;
  if (with.wrong == sabotage::misjudges_its_server) now = availability::away;
  if (now == availability::refused || (is_refused && now == availability::unknown)) return;
  in_.report("availability", "process " + std::to_string(number_) +
                                 " is refused by its server, but finds it " +
                                 std::string{to_string(now)});
}

}  // namespace drover::world
