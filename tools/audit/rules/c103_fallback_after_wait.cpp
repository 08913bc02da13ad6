// SPDX-License-Identifier: MIT
// C103: callers that waited in vain for the lock's holder load without the lock. Seen where they
// store what they loaded, or where the origin tells of loads that nobody stored; suspected where
// all of them stop asking well before the holder stores.
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "audit/rules/herds.hpp"

namespace drover::audit {
namespace {

/// Silence before the holder's store that is no pause between two polls: even a back-off that
/// doubles stays within twice its last gap.
constexpr int silent_gaps = 3;
constexpr moment silent_min = std::chrono::milliseconds(100);
/// One silence may be a client that went away.
constexpr std::uint64_t suspected_min = 2;
/// Loads that the origin tells and nobody stored: one may be a retry after an error.
constexpr std::uint64_t told_min = 2;

class fallback_after_wait final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C103"; }
  [[nodiscard]] interest::bits wants() const override { return interest::cold_events; }

  void on_cold_event(const cold_event& what, const key_state& key,
                     const rule_context& all) override {
    const told before = told_[key.ref];
    const told now{key.origin_loads, key.counts.stores + key.counts.won + key.counts.lost};
    told_[key.ref] = now;
    const cold_event::locking* const lock = lock_of(what);
    if (lock == nullptr || lock->lost == 0) return;
    auto& by_lock = of_[*key.pattern];
    if (by_lock.size() >= 8 && !by_lock.contains(lock->pattern)) return;
    tally& seen = by_lock[lock->pattern];
    seen.fits = std::max(seen.fits, lock->fits);
    ++seen.waited;
    if (what.waiting.last_poll > what.from) {
      seen.longest = std::max(seen.longest, what.waiting.last_poll - what.from);
    }
    const std::uint64_t surplus = without_lock(what, *lock);
    if (surplus > 0) {
      note_visible(what, key, *lock, all, surplus, seen);
    } else if (const std::uint64_t silent = silent_loads(what, *lock, before, now); silent > 0) {
      note_silent(what, key, *lock, all, silent, seen);
    } else if (gave_up(what, all)) {
      note_suspected(what, key, *lock, all, seen);
    }
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t waited = 0;
    std::uint64_t bad = 0;
    moment longest{};
    for (auto& [index, by_lock] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) != key_role::value) continue;
      tally sum;
      for (const auto& [lock, seen] : by_lock) {
        if (is_guard(all, lock, pattern, seen.fits)) sum.merge(seen);
      }
      waited += sum.waited;
      longest = std::max(longest, sum.longest);
      bad += judge(pattern, sum, all, out);
    }
    const auto status = bad > 0      ? coverage_line::status::fail
                        : waited > 0 ? coverage_line::status::pass
                                     : coverage_line::status::not_exercised;
    out.covered(id(), status,
                waited == 0 ? "nobody waited for a lock's holder"
                            : counted(waited, "cold event", "cold events") +
                                  " with callers that lost the lock; the longest wait was " +
                                  in_words(longest));
  }

 private:
  struct told {
    std::uint64_t origin = 0;
    std::uint64_t stores = 0;
  };
  struct tally {
    int fits = 0;
    std::uint64_t waited = 0;
    moment longest{};
    cases visible;
    cases silent;
    cases suspected;
    std::uint64_t silent_loads = 0;

    void merge(const tally& other) {
      waited += other.waited;
      longest = std::max(longest, other.longest);
      visible.merge(other.visible);
      silent.merge(other.silent);
      suspected.merge(other.suspected);
      silent_loads += other.silent_loads;
    }
  };

  /// Nobody can have missed the key, waited and loaded in so short a time: who stored had found the
  /// value before it ended, and refreshed it.
  static bool is_refresh(const load& each, const cold_event& what) {
    return each.store.sent - what.from < what.delta / 2;
  }

  /// Unconditional stores for which there was no acquisition.
  static std::uint64_t without_lock(const cold_event& what, const cold_event::locking& lock) {
    std::uint64_t stores = 0;
    std::set<std::uint64_t> lock_holds;
    for (const load& each : what.loading.loads) {
      if (each.lock_hold != 0) lock_holds.insert(each.lock_hold);
      if (each.missed && each.store.condition == store_condition::none && !is_refresh(each, what)) {
        ++stores;
      }
    }
    const std::uint64_t won = std::max<std::uint64_t>(lock.won, lock_holds.size());
    return stores - std::min(stores, won);
  }

  /// Loads that the origin told of since the last cold event of this key, and that left no store;
  /// those of holders whose load failed are none.
  static std::uint64_t silent_loads(const cold_event& what, const cold_event::locking& lock,
                                    const told& before, const told& now) {
    const std::uint64_t loads = now.origin - before.origin;
    const std::uint64_t holders = lock.won - std::min<std::uint64_t>(lock.won, what.loading.count);
    const std::uint64_t known = now.stores - before.stores + holders;
    return loads - std::min(loads, known);
  }

  static bool gave_up(const cold_event& what, const rule_context& all) {
    if (what.by_tool && all.is_perturbed(what.from, what.to)) return false;
    if (!what.first_store || what.waiting.polls < 2 || what.waiting.losers_satisfied) return false;
    if (what.waiting.notified) return false;
    const moment limit = std::max(silent_gaps * what.waiting.longest_gap, silent_min);
    return what.waiting.last_poll > what.from &&
           what.first_store->sent - what.waiting.last_poll > limit;
  }

  static void note_visible(const cold_event& what, const key_state& key,
                           const cold_event::locking& lock, const rule_context& all,
                           std::uint64_t surplus, tally& seen) {
    seen.visible.add(static_cast<double>(surplus), [&] {
      return proof_of(all, key, what.from, what.to,
                      counted(what.loading.count, "load", "loads") + " and " +
                          counted(lock.won, "acquisition", "acquisitions") +
                          " of the lock, which " + counted(lock.lost, "attempt", "attempts") +
                          " had lost.",
                      lock.lock);
    });
  }

  static void note_silent(const cold_event& what, const key_state& key,
                          const cold_event::locking& lock, const rule_context& all,
                          std::uint64_t silent, tally& seen) {
    seen.silent_loads += silent;
    seen.silent.add(static_cast<double>(silent), [&] {
      return proof_of(all, key, what.from, what.to,
                      "The origin tells of " + counted(silent, "more load", "more loads") +
                          " than were stored, when " + counted(lock.lost, "attempt", "attempts") +
                          " had lost the lock.",
                      lock.lock);
    });
  }

  static void note_suspected(const cold_event& what, const key_state& key,
                             const cold_event::locking& lock, const rule_context& all,
                             tally& seen) {
    const moment silence = what.first_store->sent - what.waiting.last_poll;
    seen.suspected.add(static_cast<double>(silence.count()), [&] {
      return proof_of(all, key, what.from, what.to,
                      "All who waited stopped asking " + in_words(silence) +
                          " before the value was stored; before that none paused for more than " +
                          in_words(what.waiting.longest_gap) + ".",
                      lock.lock);
    });
  }

  std::uint64_t judge(const pattern_state& pattern, tally& sum, const rule_context& all,
                      verdicts& out) {
    const bool visible = sum.visible.count > 0;
    const bool silent = sum.silent_loads >= told_min;
    const bool suspected = sum.suspected.count >= suspected_min;
    if (!visible && !silent && !suspected) return 0;
    cases& seen = visible ? sum.visible : silent ? sum.silent : sum.suspected;
    if (visible && silent) seen.merge(sum.silent);
    seen.opportunities = sum.waited;
    finding made = finding_of(id(), pattern, seen);
    made.how_bad = visible || silent ? severity::error : severity::warning;
    made.how_sure = silent    ? confidence::proof
                    : visible ? confidence::strong
                              : confidence::suspected;
    made.message = "In " + in_words(seen.count) + " of " +
                   counted(sum.waited, "cold event", "cold events") +
                   " with a lock that callers lost, ";
    if (visible || silent) {
      made.message += "more loads ran than the lock was won";
    } else {
      made.message +=
          "all who waited stopped asking long before the value came: they gave up, or "
          "loaded without the lock";
    }
    if (silent) made.message += "; the origin counted " + in_words(pattern.origin_loads);
    made.message += '.';
    if (!all.origin_loads() && !visible) made.message += " An origin counter would prove it.";
    const std::uint64_t count = seen.count;
    out.found(std::move(made));
    return count;
  }

  per_pattern<std::map<std::uint32_t, tally>> of_;
  per_key<told> told_;
};

}  // namespace

std::unique_ptr<rule> make_c103() { return std::make_unique<fallback_after_wait>(); }

}  // namespace drover::audit
