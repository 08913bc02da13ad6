// SPDX-License-Identifier: MIT
// C208: a lock was held for more than half of its lease, without renewal.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c208_text{
    .id = "C208",
    .name = "lease-margin-thin",
    .usual_severity = severity::warning,
    .summary = "A lock was held for more than half of its lease, without renewal.",
    .why =
        "A load that takes twice as long, which is common on a busy origin, outlives the lease. "
        "Then two callers load at once.",
    .left_alone = "fewer than five acquisitions; leases that are renewed.",
    .exercised_by = "five or more acquisitions of locks of one pattern",
    .advice = "Use a longer lease, or renew it every third of its duration.",
    .fix =
        "Raise PX to at least three times the 99th percentile of the load time, or renew the lease "
        "every PX/3 with a script that compares the token and calls PEXPIRE.",
    .caching_rules = "5",
};

constexpr library_setting c208_settings[] = {
    {"dogpile.cache", "raise `lock_timeout`: the lock is not renewed"},
    {"Redisson", "call `lock()` without a lease time: the watchdog renews only such locks"},
    {"redsync", "raise `redsync.WithExpiry` (default 8 s), or call `mutex.Extend()`"},
    {"redlock (Node)",
     "raise the duration, or use `redlock.using(...)`, which extends the lock automatically"},
    {"redlock-py", "raise the ttl in `lock(resource, ttl)`: nothing renews it"},
    {"StackExchange.Redis", "raise the time in `LockTake`, or call `LockExtend`"},
    {"redis-py Lock", "raise `timeout=`, or call `lock.extend(...)` while the load runs"},
};

constexpr std::uint64_t c208_lock_holds_min = 5;
/// The largest share of the lease for which a lock may be held. An origin that takes twice as long
/// as usual is ordinary.
constexpr double share_max = 0.5;

class lease_margin_thin final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c208_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    if (!hold.lease.ends || hold.ttl.duration <= moment::zero() || hold.lease.renewals > 0) return;
    pattern_tally& tally = tallies_[*lock.pattern];
    if (hold.end.kind == lock_hold::ending::ran_out &&
        (hold.after.holder_returned || hold.after.late_store)) {
      ++tally.outlived;
    }
    if (!was_released(hold) || hold.end.by_other != lock_hold::other_remover::no) return;
    if (context.is_perturbed(hold.won.sent, hold.end.command->done)) return;
    ++tally.thin.opportunities;
    const double share =
        static_cast<double>(hold.held().count()) / static_cast<double>(hold.ttl.duration.count());
    tally.largest = std::max(tally.largest, share);
    if (share <= share_max) return;
    tally.thin.add(share, [&] {
      return proof_of_lock_hold(context, hold, lock, hold.end.command->done,
                                "Held for " + in_words(hold.held()) + " of a lease of " +
                                    in_words(hold.ttl.duration) + ".");
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    double largest = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      if (tally.thin.opportunities < c208_lock_holds_min) continue;
      lock_holds += tally.thin.opportunities;
      largest = std::max(largest, tally.largest);
      // Leases that ended too early are reported by C207.
      if (tally.thin.count == 0 || tally.outlived > 0) continue;
      bad += tally.thin.count;
      finding result = finding_of(id(), lock, tally.thin);
      result.severity = severity::warning;
      result.confidence = confidence::strong;
      result.message = lock_in_words(context, lock) + " was held for up to " +
                       percent(tally.largest) + " of its lease, without renewal, in " +
                       in_words(tally.thin.count) + " of " +
                       counted(tally.thin.opportunities, "lock hold", "lock holds") + '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, lock_holds),
                     lock_holds == 0 ? "fewer than five lock holds of any lock with a known lease"
                                     : counted(lock_holds, "lock hold", "lock holds") +
                                           ", for up to " + percent(largest) + " of the lease");
  }

 private:
  struct pattern_tally {
    cases thin;
    std::uint64_t outlived = 0;
    double largest = 0;

    void merge(const pattern_tally& other) {
      thin.merge(other.thin);
      outlived += other.outlived;
      largest = std::max(largest, other.largest);
    }
  };
  static std::string percent(double share) {
    return share_in_words(static_cast<std::uint64_t>(share * 1000), 1000);
  }
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c208() { return {c208_text, c208_settings, make_rule<lease_margin_thin>}; }

}  // namespace drover::audit
