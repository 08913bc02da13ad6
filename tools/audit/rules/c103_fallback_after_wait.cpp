// SPDX-License-Identifier: MIT
// C103: callers that gave up waiting for the lock's holder load without the lock. The rule sees it
// when they store the value, or when the origin counts loads that nobody stored. It suspects it
// when all waiters stop polling well before the holder stores.
#include <algorithm>
#include <map>
#include <set>

#include "audit/rules/coverage.hpp"
#include "audit/rules/herds.hpp"
#include "audit/rules/origin_balance.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c103_text{
    .id = "C103",
    .name = "fallback-after-wait",
    .usual_severity = severity::error,
    .severity_note =
        "warning if the extra loads are only suspected, because there is no store and no origin "
        "counter",
    .summary = "Callers that gave up waiting for the lock's holder load without the lock.",
    .why =
        "This works while loads are fast. When the origin is slow, all waiters give up at about "
        "the same time and load at once: the stampede comes at the worst moment, and every "
        "wait was useless.",
    .left_alone =
        "waiters that listen (SUBSCRIBE, BLPOP, invalidations) instead of polling, waiters in the "
        "holder's own process, back-off that grows.",
    .exercised_by = "a load that takes longer than the callers are willing to wait",
    .advice =
        "Wait at least as long as the lease lasts. Then serve a stale value, fail fast, or try to "
        "take the lock again. Never load without it.",
    .fix =
        "Find what a caller does when it has waited too long for another caller's load, or has "
        "used up its attempts. Replace the load there. If there is a last known value, serve it. "
        "Otherwise try to take the lock again if the deadline of the request allows it; if not, "
        "fail with a specific error. The wait must last at least as long as the lock's PX. Add a "
        "test in which the load takes longer than the wait. The loader must have run once.",
    .caching_rules = "7",
};

constexpr library_setting c103_settings[] = {
    {"Drover",
     "do not set `wait_max` shorter than a load takes. A caller whose wait runs out is refused; it "
     "never loads. Loads under a lock mean that Redis was away (`fetched::how` is `bypassed`)"},
};

/// The least silence before the holder's store, as a multiple of the longest gap between polls. A
/// back-off that doubles stays within two gaps.
constexpr int silent_gaps = 3;
constexpr moment silent_min = std::chrono::milliseconds(100);
/// A single silence may be a client that disconnected.
constexpr std::uint64_t suspected_min = 2;
/// The least number of loads that the origin counted and nobody stored. A single one may be a retry
/// after an error.
constexpr std::uint64_t silent_loads_min = 2;

class fallback_after_wait final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c103_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::cold_events | interest::records;
  }

  void on_record(const record& item, const rule_context& /*context*/) override {
    balance_.add(item);
  }

  void on_cold_event(const cold_event& cold, const key_state& key,
                     const rule_context& context) override {
    const load_counts before = last_counts_[key.ref];
    const load_counts now{key.origin_loads, key.counts.stores - key.counts.modifications +
                                                key.counts.won + key.counts.lost};
    last_counts_[key.ref] = now;
    const cold_event::locking* const lock = lock_of(cold);
    if (lock == nullptr || lock->lost == 0) return;
    auto& by_lock = tallies_[*key.pattern].by_lock;
    if (by_lock.size() >= 8 && !by_lock.contains(lock->pattern)) return;
    pattern_tally& tally = by_lock[lock->pattern];
    tally.affinity = std::max(tally.affinity, lock->affinity);
    ++tally.waited;
    if (cold.waiting.last_poll > cold.from) {
      tally.longest = std::max(tally.longest, cold.waiting.last_poll - cold.from);
    }
    const std::uint64_t surplus = loads_without_lock(cold, *lock);
    if (surplus > 0) {
      note_visible(cold, key, *lock, context, surplus, tally);
    } else if (const std::uint64_t silent = silent_loads(cold, *lock, before, now); silent > 0) {
      note_silent(cold, key, *lock, context, silent, tally);
    } else if (have_waiters_given_up(cold, context)) {
      note_suspected(cold, key, *lock, context, tally);
    }
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t waited = 0;
    std::uint64_t bad = 0;
    moment longest{};
    const std::uint64_t surplus = balance_.surplus(context);
    for (auto& [index, locks] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value) continue;
      pattern_tally sum;
      for (const auto& [lock, tally] : locks.by_lock) {
        if (is_guard(context, lock, pattern, tally.affinity)) sum.merge(tally);
      }
      waited += sum.waited;
      longest = std::max(longest, sum.longest);
      bad += judge(pattern, sum, surplus, context, out);
    }
    out.add_coverage(id(), status_of(bad, waited),
                     waited == 0 ? "no caller waited for a lock's holder"
                                 : counted(waited, "cold event", "cold events") +
                                       " in which callers lost the lock; the longest wait was " +
                                       in_words(longest));
  }

 private:
  struct load_counts {
    std::uint64_t origin = 0;
    std::uint64_t stores = 0;
  };
  struct pattern_tally {
    int affinity = 0;
    std::uint64_t waited = 0;
    moment longest{};
    cases visible;
    cases silent;
    cases suspected;
    std::uint64_t silent_loads = 0;

    void merge(const pattern_tally& other) {
      waited += other.waited;
      longest = std::max(longest, other.longest);
      visible.merge(other.visible);
      silent.merge(other.silent);
      suspected.merge(other.suspected);
      silent_loads += other.silent_loads;
      affinity = std::max(affinity, other.affinity);
    }
  };
  /// By the pattern of the lock.
  struct lock_tallies {
    std::map<std::uint32_t, pattern_tally> by_lock;

    void merge(const lock_tallies& other) {
      for (const auto& [lock, tally] : other.by_lock) by_lock[lock].merge(tally);
    }
  };

  /// Whether the load is an early refresh. Its store comes too soon after the key became cold for a
  /// miss, a wait and a load, so the caller read the value before it expired.
  static bool is_refresh(const load& load, const cold_event& cold) {
    return load.store.sent - cold.from < cold.delta / 2;
  }

  /// The number of unconditional stores beyond the number of acquisitions.
  static std::uint64_t loads_without_lock(const cold_event& cold, const cold_event::locking& lock) {
    std::uint64_t stores = 0;
    std::set<std::uint64_t> lock_holds;
    for (const load& load : cold.loading.loads) {
      if (load.lock_hold != 0) lock_holds.insert(load.lock_hold);
      if (load.missed && load.store.condition == store_condition::none && !is_refresh(load, cold)) {
        ++stores;
      }
    }
    const std::uint64_t won = std::max<std::uint64_t>(lock.won, lock_holds.size());
    return stores - std::min(stores, won);
  }

  /// The number of loads that the origin counted since the last cold event of this key and that
  /// were not stored. Failed loads of holders do not count.
  static std::uint64_t silent_loads(const cold_event& cold, const cold_event::locking& lock,
                                    const load_counts& before, const load_counts& now) {
    const std::uint64_t loads = now.origin - before.origin;
    const std::uint64_t holders = lock.won - std::min<std::uint64_t>(lock.won, cold.loading.count);
    const std::uint64_t known = now.stores - before.stores + holders;
    return loads - std::min(loads, known);
  }

  static bool have_waiters_given_up(const cold_event& cold, const rule_context& context) {
    if (cold.by_tool && context.is_perturbed(cold.from, cold.to)) return false;
    if (!cold.first_store || cold.waiting.polls < 2 || cold.waiting.losers_satisfied) return false;
    if (cold.waiting.notified) return false;
    const moment limit = std::max(silent_gaps * cold.waiting.longest_gap, silent_min);
    return cold.waiting.last_poll > cold.from &&
           cold.first_store->sent - cold.waiting.last_poll > limit;
  }

  static void note_visible(const cold_event& cold, const key_state& key,
                           const cold_event::locking& lock, const rule_context& context,
                           std::uint64_t surplus, pattern_tally& tally) {
    tally.visible.add(static_cast<double>(surplus), [&] {
      constexpr std::size_t named_max = 4;
      decisive_operations named;
      for (const load& loaded : cold.loading.loads) {
        if (loaded.lock_hold == 0 && named.size() < named_max)
          named.push_back({key.ref, loaded.store});
      }
      return proof_of(context, key, cold.from, cold.to,
                      counted(cold.loading.count, "load", "loads") + " and " +
                          counted(lock.won, "acquisition", "acquisitions") +
                          " of the lock, after " + counted(lock.lost, "attempt", "attempts") +
                          " had failed.",
                      lock.lock, named);
    });
  }

  static void note_silent(const cold_event& cold, const key_state& key,
                          const cold_event::locking& lock, const rule_context& context,
                          std::uint64_t silent, pattern_tally& tally) {
    tally.silent_loads += silent;
    tally.silent.add(static_cast<double>(silent), [&] {
      return proof_of(context, key, cold.from, cold.to,
                      "The origin counted " + counted(silent, "more load", "more loads") +
                          " than were stored, after " + counted(lock.lost, "attempt", "attempts") +
                          " to take the lock had failed.",
                      lock.lock);
    });
  }

  static void note_suspected(const cold_event& cold, const key_state& key,
                             const cold_event::locking& lock, const rule_context& context,
                             pattern_tally& tally) {
    const moment silence = cold.first_store->sent - cold.waiting.last_poll;
    tally.suspected.add(static_cast<double>(silence.count()), [&] {
      return proof_of(context, key, cold.from, cold.to,
                      "All waiters stopped polling " + in_words(silence) +
                          " before the value was stored; until then no pause was longer than " +
                          in_words(cold.waiting.longest_gap) + ".",
                      lock.lock);
    });
  }

  /// `surplus`: loads of the whole run that left no trace in the cache.
  std::uint64_t judge(const pattern_state& pattern, pattern_tally& sum, std::uint64_t surplus,
                      const rule_context& context, verdicts& out) {
    const bool visible = sum.visible.count > 0;
    const bool silent = sum.silent_loads >= silent_loads_min;
    const bool suspected = sum.suspected.count >= suspected_min;
    // That waiters left is one sign, and that the origin had more loads is the other.
    const bool counted_elsewhere = suspected && surplus >= sum.suspected.count;
    if (!visible && !silent && !suspected) return 0;
    cases& reported = visible ? sum.visible : silent ? sum.silent : sum.suspected;
    if (visible && silent) reported.merge(sum.silent);
    reported.opportunities = sum.waited;
    finding result = finding_of(id(), pattern, reported);
    const bool is_sure = visible || silent || counted_elsewhere;
    result.severity = is_sure ? severity::error : severity::warning;
    result.confidence = silent    ? confidence::proof
                        : is_sure ? confidence::strong
                                  : confidence::suspected;
    result.message = "In " + in_words(reported.count) + " of " +
                     counted(sum.waited, "cold event", "cold events") +
                     " in which callers lost the lock, ";
    if (visible || silent) {
      result.message += "there were more loads than acquisitions of the lock";
    } else {
      result.message +=
          "all waiters stopped polling long before the value was stored: they gave up, or loaded "
          "without the lock";
    }
    if (silent) result.message += "; the origin counted " + in_words(pattern.origin_loads);
    if (!visible && !silent && counted_elsewhere) {
      result.message += "; the origin counted " + counted(balance_.told(), "load", "loads") + ", " +
                        in_words(surplus) + " more than were stored";
    }
    result.message += '.';
    if (!context.origin_loads() && !visible) result.message += " An origin counter would prove it.";
    const std::uint64_t count = reported.count;
    out.add_finding(std::move(result));
    return count;
  }

  per_pattern<lock_tallies> tallies_;
  per_key<load_counts> last_counts_;
  origin_balance balance_;
};

}  // namespace

rule_definition c103() { return {c103_text, c103_settings, make_rule<fallback_after_wait>}; }

}  // namespace drover::audit
