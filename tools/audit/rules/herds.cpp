// SPDX-License-Identifier: MIT
#include "audit/rules/herds.hpp"

#include <algorithm>

namespace drover::audit {
namespace {

/// A pattern with more stores without a miss than this share of its reads is not cache-aside. A
/// cache that is read only three times per store has little use.
constexpr double without_miss_share = 0.3;
/// The same limit for keys that are named like sessions.
constexpr double session_stores_share = 0.1;

/// Whether two loads certainly ran at the same time, in whatever order the server ran the commands.
bool has_overlapping_loads(const cold_event& cold) {
  for (std::size_t i = 1; i < cold.loading.loads.size(); ++i) {
    if (cold.loading.loads[i].missed &&
        cold.loading.loads[i].began < cold.loading.loads[0].store.sent)
      return true;
  }
  return false;
}

std::string loaders_in_words(const cold_event& cold) {
  const std::string known = counted(cold.loading.processes, "process", "processes");
  if (cold.loading.unplaced == 0) return known;
  const std::string unknown = "connections whose process is unknown";
  return cold.loading.processes == 0 ? unknown : known + " and " + unknown;
}

evidence proof_of_herd(const cold_event& cold, const key_state& key, const rule_context& context,
                       std::uint64_t loads) {
  std::string summary = counted(loads, "load", "loads") + " by " + loaders_in_words(cold) +
                        " in one cold event with " +
                        counted(cold.demand.requests, "request", "requests");
  if (cold.first_store) {
    summary += "; the first was stored " + in_words(cold.first_store->done - cold.from) +
               " after the first miss, the last " + in_words(cold.to - cold.from) + " after it";
  }
  if (cold.loading.by_nx > 0) {
    summary +=
        "; " + in_words(cold.loading.by_nx) + " used SET with NX, which hides the other loads";
  }
  const cold_event::locking* const lock = lock_of(cold);
  decisive_operations named;
  for (const load& loaded : cold.loading.loads) {
    if (named.size() < 2) named.push_back({key.ref, loaded.store});
  }
  return proof_of(context, key, cold.from, cold.to, summary + '.',
                  lock == nullptr ? key_ref{} : lock->lock, named);
}

}  // namespace

std::uint64_t own_loads(const cold_event& cold) {
  if (cold.loading.count > cold.loading.loads.size()) return cold.loading.count;
  return static_cast<std::uint64_t>(std::count_if(cold.loading.loads.begin(),
                                                  cold.loading.loads.end(),
                                                  [](const load& load) { return load.missed; }));
}

const cold_event::locking* lock_of(const cold_event& cold) {
  const cold_event::locking* most = nullptr;
  for (const cold_event::locking& candidate : cold.lock_attempts) {
    if (most == nullptr || candidate.won + candidate.lost > most->won + most->lost)
      most = &candidate;
  }
  return most;
}

bool is_guard(const rule_context& context, std::uint32_t lock, const pattern_state& value,
              int name_affinity) {
  if (lock >= context.patterns().size()) return false;
  const pattern_state& pattern = context.pattern_now(lock);
  if (context.role_of(pattern) != key_role::lock) return false;
  return name_affinity > 0 || (pattern.paired && *pattern.paired == value.index);
}

bool is_written_like_a_session(const pattern_state& pattern) {
  const op_counts& counts = pattern.counts;
  const std::uint64_t stores = counts.stores + counts.won + counts.lost;
  const std::uint64_t other = stores - std::min(stores, pattern.loads);
  const double share = looks_like_session(pattern.text) ? session_stores_share : without_miss_share;
  return static_cast<double>(other) > share * static_cast<double>(counts.reads());
}

void herd_book::add(const cold_event& cold, const key_state& key, const rule_context& context) {
  pattern_tally& pattern = tallies_[*key.pattern];
  ++pattern.events;
  if (cold.demand.contended) ++pattern.contended;
  if (cold.demand.contended) pattern.widest = std::max(pattern.widest, cold.demand.requests);
  const std::uint64_t loads = own_loads(cold);
  pattern.most_loads = std::max(pattern.most_loads, loads);
  if (loads < 2 || cold.demand.misses < loads) return;
  const cold_event::locking* const lock = lock_of(cold);
  const std::uint32_t index = lock == nullptr ? no_lock : lock->pattern;
  if (pattern.by_lock.size() >= locks_max && !pattern.by_lock.contains(index)) return;
  event_tally& tally = pattern.by_lock[index];
  if (lock != nullptr) tally.affinity = std::max(tally.affinity, lock->affinity);
  // A load whose process is unknown may be the second load of a known process. The other cold
  // events decide.
  const bool unclear = cold.loading.unplaced > 0 && cold.loading.most_by_one_process <= 1;
  const bool once =
      unclear || (cold.loading.most_by_one_process == 1 && cold.loading.processes >= 2);
  if (once && !unclear && cold.loading.sharing_processes > 0) ++tally.sharing;
  if (unclear) ++tally.unclear;
  if (loads >= 3) ++tally.wide;
  if (loads >= 3 && once) ++tally.wide_once_per_process;
  if (has_overlapping_loads(cold)) ++tally.overlapping;
  tally.loads += loads;
  tally.processes_most = std::max(tally.processes_most, cold.demand.processes);
  (once ? tally.once_per_process : tally.herds).add(static_cast<double>(loads), [&] {
    return proof_of_herd(cold, key, context, loads);
  });
}

void herd_book::event_tally::merge(const event_tally& other) {
  affinity = std::max(affinity, other.affinity);
  herds.merge(other.herds);
  once_per_process.merge(other.once_per_process);
  sharing += other.sharing;
  unclear += other.unclear;
  wide += other.wide;
  wide_once_per_process += other.wide_once_per_process;
  loads += other.loads;
  overlapping += other.overlapping;
  processes_most = std::max(processes_most, other.processes_most);
}

void herd_book::pattern_tally::merge(const pattern_tally& other) {
  events += other.events;
  contended += other.contended;
  widest = std::max(widest, other.widest);
  most_loads = std::max(most_loads, other.most_loads);
  for (const auto& [lock, tally] : other.by_lock) by_lock[lock].merge(tally);
}

herd_book::totals herd_book::totals_for(const pattern_state& pattern,
                                        const rule_context& context) const {
  totals result;
  const pattern_tally* const pattern_totals = tallies_.find(pattern.index);
  if (pattern_totals == nullptr) return result;
  result.events = pattern_totals->events;
  result.contended = pattern_totals->contended;
  result.widest = pattern_totals->widest;
  result.most_loads = pattern_totals->most_loads;
  event_tally& out = result.unguarded;
  for (const auto& [lock, tally] : pattern_totals->by_lock) {
    if (lock != no_lock && is_guard(context, lock, pattern, tally.affinity)) continue;
    out.merge(tally);
  }
  result.shares = out.sharing > 0 && out.herds.count == 0;
  return result;
}

}  // namespace drover::audit
