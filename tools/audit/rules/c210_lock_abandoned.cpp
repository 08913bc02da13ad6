// SPDX-License-Identifier: MIT
// C210: a lock was not released, and waiters waited until its lease ended.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c210_text{
    .id = "C210",
    .name = "lock-abandoned",
    .usual_severity = severity::warning,
    .summary = "A lock was not released, and waiters waited until its lease ended.",
    .why =
        "An early return or an exception between acquisition and release leaves the lock behind. "
        "Nobody can load that key until the lease ends.",
    .left_alone =
        "leader leases and schedules, whose locks end by themselves; holders whose lease had ended "
        "when they released the lock; connections that the tool closed.",
    .exercised_by = "a lock that is taken",
    .advice = "Release the lock in a finally block (or a destructor), and keep the lease short.",
    .fix =
        "Put the release of the lock into a finally block, defer, context manager or destructor, "
        "so that it runs on every exit: when the load fails, finds nothing, or is cancelled. Add a "
        "test in which the load fails and the next caller gets the lock at once.",
    .caching_rules = "6",
};

constexpr library_setting c210_settings[] = {
    {"Redisson",
     "call `unlock()` in `finally`. A dead holder blocks other callers for `lockWatchdogTimeout` "
     "(default 30 s)"},
    {"redis-py Lock", "use `with redis.lock(...):`, or release in `finally`"},
};

/// A wait counts if it is longer than a load and longer than this, also if the load time is
/// unknown.
constexpr moment wait_min = std::chrono::milliseconds(50);

class lock_abandoned final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c210_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.abandoned.opportunities;
    if (hold.end.kind != lock_hold::ending::ran_out || hold.after.holder_returned ||
        hold.after.late_store)
      return;
    // The holder did its work. If it comes back after the lease, that is C207.
    if (hold.value.store_count > 0) return;
    if (hold.contention.losses == 0 || context.is_perturbed(hold.won.sent, hold.lease.latest_end))
      return;
    const key_state* const value = context.find(hold.value.key);
    const moment delta = value == nullptr ? moment{} : context.delta_of(*value->pattern);
    if (hold.contention.longest_wait <= std::max(delta, wait_min)) return;
    if (hold.value.key.is_set()) ++tally.with_value;
    tally.abandoned.add(static_cast<double>(hold.contention.longest_wait.count()), [&] {
      return proof_of_lock_hold(context, hold, lock, hold.lease.latest_end,
                                "The holder did not return; other callers lost the lock " +
                                    counted(hold.contention.losses, "time", "times") +
                                    ", for up to " + in_words(hold.contention.longest_wait) +
                                    ", until the lease of " + in_words(hold.ttl.duration) +
                                    " ended.");
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      lock_holds += tally.abandoned.opportunities;
      // Leases of leaders and schedules end by themselves and are never deleted.
      if (tally.abandoned.count == 0 || (!is_ever_released(lock) && tally.with_value == 0))
        continue;
      if (is_always_released(lock)) continue;
      bad += tally.abandoned.count;
      finding result = finding_of(id(), lock, tally.abandoned);
      result.severity = severity::warning;
      result.confidence = confidence::strong;
      result.message = in_words(tally.abandoned.count) + " of " +
                       counted(tally.abandoned.opportunities, "lock hold", "lock holds") + " of " +
                       lock_in_words(context, lock) +
                       " ended only with the lease while other callers waited, " + "for up to " +
                       in_words(moment{static_cast<std::int64_t>(tally.abandoned.worst())}) + '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, lock_holds),
                     counted(lock_holds, "lock hold", "lock holds") + ", " + in_words(bad) +
                         " abandoned while others waited");
  }

 private:
  struct pattern_tally {
    cases abandoned;
    std::uint64_t with_value = 0;

    void merge(const pattern_tally& other) {
      abandoned.merge(other.abandoned);
      with_value += other.with_value;
    }
  };

  /// Whether there were as many releases as lock holds, those included that came too late: each
  /// holder releases, and some leases had ended by then (C207). One hold for each key may be
  /// released only after the run.
  static bool is_always_released(const pattern_state& lock) {
    const std::uint64_t releases = lock.counts.removes + lock.counts.compare_removes;
    return releases > 0 && releases >= lock.counts.won;
  }

  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c210() { return {c210_text, c210_settings, make_rule<lock_abandoned>}; }

}  // namespace drover::audit
