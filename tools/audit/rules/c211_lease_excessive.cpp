// SPDX-License-Identifier: MIT
// C211: a lease is more than a hundred times as long as its lock is ever held.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c211_text{
    .id = "C211",
    .name = "lease-excessive",
    .usual_severity = severity::info,
    .summary = "A lease is more than a hundred times as long as its lock is ever held.",
    .why =
        "When a holder dies, everybody waits for the rest of the lease: minutes, for a load of "
        "milliseconds.",
    .left_alone = "locks that nobody waits for, such as those of schedules.",
    .exercised_by = "callers that wait for a lock",
    .advice = "Use a short lease that the holder renews while it works.",
    .fix =
        "Shorten PX to a few times the 99th percentile of the load time. For loads that take "
        "longer, renew the lease every PX/3 with a script that compares the token and calls "
        "PEXPIRE.",
    .caching_rules = "5",
};

constexpr library_setting c211_settings[] = {
    {"dogpile.cache", "lower `lock_timeout`"},
    {"redis-py Lock", "lower `timeout=`, and call `lock.extend(...)` in long loads"},
};

constexpr int times_max = 100;
constexpr double quantile = 0.99;
constexpr std::uint64_t released_holds_min = 5;
/// A shorter lease does no harm, however short the lock hold is.
constexpr moment lease_min = std::chrono::seconds(10);

class lease_excessive final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c211_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    pattern_tally& tally = tallies_[*lock.pattern];
    if (!hold.lease.ends || hold.lease.renewals > 0 || !was_released(hold)) return;
    tally.holds.add(hold.held());
    tally.lease = std::max(tally.lease, hold.ttl.duration);
    if (hold.contention.losses == 0) return;
    tally.waited.add(static_cast<double>(hold.ttl.duration.count()), [&] {
      return proof_of_lock_hold(context, hold, lock, hold.end.command->done,
                                "Held for " + in_words(hold.held()) + " of a lease of " +
                                    in_words(hold.ttl.duration) + ", while other callers lost it " +
                                    counted(hold.contention.losses, "time", "times") + '.');
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t waited = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      waited += tally.waited.count;
      const moment hold = tally.holds.quantile(quantile);
      if (tally.waited.count == 0 || tally.holds.count() < released_holds_min) continue;
      if (tally.lease < lease_min || tally.lease <= times_max * hold) continue;
      ++bad;
      finding result = finding_of(id(), lock, tally.waited);
      result.severity = severity::info;
      result.confidence = confidence::strong;
      result.message = lock_in_words(context, lock) + " has a lease of " + in_words(tally.lease) +
                       " and is held for " + in_words(hold) +
                       " at most. When a holder dies, all other callers wait for the rest.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, waited),
                     waited == 0 ? "no caller waited for a lock with a lease"
                                 : counted(waited, "lock hold", "lock holds") +
                                       " that other callers waited for");
  }

 private:
  struct pattern_tally {
    median_sample holds;
    moment lease{};
    cases waited;

    void merge(const pattern_tally& other) {
      holds.merge(other.holds);
      lease = std::max(lease, other.lease);
      waited.merge(other.waited);
    }
  };
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c211() { return {c211_text, c211_settings, make_rule<lease_excessive>}; }

}  // namespace drover::audit
