// SPDX-License-Identifier: MIT
// C211: a lease is more than a hundred times as long as its lock is ever held.
#include <algorithm>
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

constexpr int times_max = 100;
constexpr double quantile = 0.99;
constexpr std::uint64_t lease_tenures_min = 5;
/// Shorter ones hurt nobody, however short the hold.
constexpr moment lease_min = std::chrono::seconds(10);

class lease_excessive final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C211"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    tally& seen = of_[*lock.pattern];
    if (!what.lease.ends || what.lease.renewals > 0 || !was_released(what)) return;
    seen.holds.add(what.held());
    seen.lease = std::max(seen.lease, what.ttl.duration);
    if (what.contention.losses == 0) return;
    seen.waited.add(static_cast<double>(what.ttl.duration.count()), [&] {
      return proof_of_lock_hold(all, what, lock, what.end.command->done,
                                "Held for " + in_words(what.held()) + " of a lease of " +
                                    in_words(what.ttl.duration) + ", while others lost it " +
                                    counted(what.contention.losses, "time", "times") + '.');
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t waited = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      waited += seen.waited.count;
      const moment hold = seen.holds.quantile(quantile);
      if (seen.waited.count == 0 || seen.holds.count() < lease_tenures_min) continue;
      if (seen.lease < lease_min || seen.lease <= times_max * hold) continue;
      ++bad;
      finding made = finding_of(id(), lock, seen.waited);
      made.how_bad = severity::info;
      made.how_sure = confidence::strong;
      made.message = lock_in_words(all, lock) + " has a lease of " + in_words(seen.lease) +
                     " and is held for " + in_words(hold) +
                     " at most: when a holder dies, all others wait for the rest.";
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, waited),
                waited == 0 ? "nobody waited for a lock with a lease"
                            : counted(waited, "tenure", "tenures") + " that others waited for");
  }

 private:
  struct tally {
    median_sample holds;
    moment lease{};
    cases waited;
  };
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c211() { return std::make_unique<lease_excessive>(); }

}  // namespace drover::audit
