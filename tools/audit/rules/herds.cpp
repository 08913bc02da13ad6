// SPDX-License-Identifier: MIT
#include "audit/rules/herds.hpp"

#include <algorithm>

namespace drover::audit {

namespace {

/// Of all reads: that many stores without a miss before are no cache-aside. A cache that is
/// read three times for each store would hardly be worth having.
constexpr double other_stores_share = 0.3;
/// The same of what is named a session.
constexpr double session_stores_share = 0.1;

/// Two loads ran at the same time whatever the order on the server was.
bool overlap(const cold_event& what) {
  for (std::size_t i = 1; i < what.loading.loads.size(); ++i) {
    if (what.loading.loads[i].missed &&
        what.loading.loads[i].began < what.loading.loads[0].store.sent)
      return true;
  }
  return false;
}

std::string who_loaded(const cold_event& what) {
  const std::string known = counted(what.loading.processes, "process", "processes");
  if (what.loading.unplaced == 0) return known;
  const std::string unknown = "connections whose process is not known";
  return what.loading.processes == 0 ? unknown : known + " and " + unknown;
}

evidence proof_of_herd(const cold_event& what, const key_state& key, const rule_context& all,
                       std::uint64_t loads) {
  std::string summary = counted(loads, "load", "loads") + " by " + who_loaded(what) +
                        " in one cold event that " +
                        counted(what.demand.requests, "request", "requests") + " met";
  if (what.first_store) {
    summary += "; the first was stored " + in_words(what.first_store->done - what.from) +
               " after the first miss, the last " + in_words(what.to - what.from) + " after it";
  }
  if (what.loading.by_nx > 0) {
    summary +=
        "; " + in_words(what.loading.by_nx) + " tried to store with NX, which hides the rest";
  }
  const cold_event::locking* const lock = lock_of(what);
  return proof_of(all, key, what.from, what.to, summary + '.',
                  lock == nullptr ? key_ref{} : lock->lock);
}

}  // namespace

std::uint64_t own_loads(const cold_event& what) {
  if (what.loading.count > what.loading.loads.size()) return what.loading.count;
  return static_cast<std::uint64_t>(std::count_if(what.loading.loads.begin(),
                                                  what.loading.loads.end(),
                                                  [](const load& l) { return l.missed; }));
}

const cold_event::locking* lock_of(const cold_event& what) {
  const cold_event::locking* most = nullptr;
  for (const cold_event::locking& each : what.lock_attempts) {
    if (most == nullptr || each.won + each.lost > most->won + most->lost) most = &each;
  }
  return most;
}

bool is_guard(const rule_context& all, std::uint32_t lock, const pattern_state& value, int fits) {
  if (lock >= all.patterns().size()) return false;
  const pattern_state& pattern = all.patterns()[lock];
  if (all.role_of(pattern) != key_role::lock) return false;
  return fits > 0 || (pattern.paired && *pattern.paired == value.index);
}

bool is_written_like_a_session(const pattern_state& pattern) {
  const op_counts& counts = pattern.counts;
  const std::uint64_t stores = counts.stores + counts.won + counts.lost;
  const std::uint64_t other = stores - std::min(stores, pattern.loads);
  const double share = looks_like_session(pattern.text) ? session_stores_share : other_stores_share;
  return static_cast<double>(other) > share * static_cast<double>(counts.reads());
}

void herd_book::add(const cold_event& what, const key_state& key, const rule_context& all) {
  pattern_tally& pattern = of_[*key.pattern];
  ++pattern.events;
  if (what.demand.contended) ++pattern.contended;
  if (what.demand.contended) pattern.widest = std::max(pattern.widest, what.demand.requests);
  const std::uint64_t loads = own_loads(what);
  pattern.most_loads = std::max(pattern.most_loads, loads);
  if (loads < 2 || what.demand.misses < loads) return;
  const cold_event::locking* const lock = lock_of(what);
  const std::uint32_t index = lock == nullptr ? no_lock : lock->pattern;
  if (pattern.by_lock.size() >= locks_max && !pattern.by_lock.contains(index)) return;
  tally& seen = pattern.by_lock[index];
  if (lock != nullptr) seen.fits = std::max(seen.fits, lock->fits);
  // With a load whose process is not known it may be as well that one of those known loaded twice:
  // the other cold events tell.
  const bool unclear = what.loading.unplaced > 0 && what.loading.most_by_one <= 1;
  const bool once = unclear || (what.loading.most_by_one == 1 && what.loading.processes >= 2);
  if (once && !unclear && what.loading.sharing_processes > 0) ++seen.sharing;
  if (unclear) ++seen.unclear;
  if (loads >= 3) ++seen.wide;
  if (loads >= 3 && once) ++seen.wide_each;
  if (overlap(what)) ++seen.overlapping;
  seen.loads += loads;
  seen.processes_most = std::max(seen.processes_most, what.demand.processes);
  (once ? seen.each_once : seen.herds).add(static_cast<double>(loads), [&] {
    return proof_of_herd(what, key, all, loads);
  });
}

herd_book::sum herd_book::of(const pattern_state& pattern, const rule_context& all) const {
  sum made;
  const pattern_tally* const tallied = of_.find(pattern.index);
  if (tallied == nullptr) return made;
  made.events = tallied->events;
  made.contended = tallied->contended;
  made.widest = tallied->widest;
  made.most_loads = tallied->most_loads;
  tally& out = made.unguarded;
  for (const auto& [lock, seen] : tallied->by_lock) {
    if (lock != no_lock && is_guard(all, lock, pattern, seen.fits)) continue;
    out.herds.merge(seen.herds);
    out.each_once.merge(seen.each_once);
    out.sharing += seen.sharing;
    out.unclear += seen.unclear;
    out.wide += seen.wide;
    out.wide_each += seen.wide_each;
    out.loads += seen.loads;
    out.overlapping += seen.overlapping;
    out.processes_most = std::max(out.processes_most, seen.processes_most);
  }
  made.shares = out.sharing > 0 && out.herds.count == 0;
  return made;
}

}  // namespace drover::audit
