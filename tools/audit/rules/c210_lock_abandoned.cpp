// SPDX-License-Identifier: MIT
// C210: a lock was neither released nor used any more; waiters sat out its lease.
#include <algorithm>
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

/// Where no load was seen, waiters that lose for so long have waited in vain.
constexpr moment wait_min = std::chrono::milliseconds(50);

class lock_abandoned final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C210"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    tally& seen = of_[*lock.pattern];
    ++seen.left.opportunities;
    if (what.end.kind != lock_hold::ending::ran_out || what.after.holder_returned ||
        what.after.late_store)
      return;
    if (what.contention.losses == 0 || all.is_perturbed(what.won.sent, what.lease.latest_end))
      return;
    const key_state* const value = all.find(what.value.key);
    const moment delta = value == nullptr ? moment{} : all.delta_of(*value->pattern);
    if (what.contention.longest_wait <= std::max(delta, wait_min)) return;
    if (what.value.key.is_set()) ++seen.with_value;
    seen.left.add(static_cast<double>(what.contention.longest_wait.count()), [&] {
      return proof_of_lock_hold(all, what, lock, what.lease.latest_end,
                                "The holder did not come back; others lost the lock " +
                                    counted(what.contention.losses, "time", "times") +
                                    ", for up to " + in_words(what.contention.longest_wait) +
                                    ", until the lease of " + in_words(what.ttl.duration) +
                                    " ended.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      lock_holds += seen.left.opportunities;
      // Leases of leaders and schedules end by themselves, and are never deleted.
      if (seen.left.count == 0 || (!is_ever_released(lock) && seen.with_value == 0)) continue;
      bad += seen.left.count;
      finding made = finding_of(id(), lock, seen.left);
      made.how_bad = severity::warning;
      made.how_sure = confidence::strong;
      made.message = in_words(seen.left.count) + " of " +
                     counted(seen.left.opportunities, "tenure", "tenures") + " of " +
                     lock_in_words(all, lock) + " ended by the lease alone while others waited, " +
                     "for up to " + in_words(moment{static_cast<std::int64_t>(seen.left.worst())}) +
                     '.';
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, lock_holds),
                counted(lock_holds, "tenure", "tenures") + ", " + in_words(bad) +
                    " given up while others waited");
  }

 private:
  struct tally {
    cases left;
    std::uint64_t with_value = 0;
  };
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c210() { return std::make_unique<lock_abandoned>(); }

}  // namespace drover::audit
