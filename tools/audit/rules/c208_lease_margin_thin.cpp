// SPDX-License-Identifier: MIT
// C208: a lock was held for more than half of its lease, without renewal.
#include <algorithm>
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

constexpr std::uint64_t lock_holds_min = 5;
/// An origin that takes twice as long is an ordinary day.
constexpr double share_max = 0.5;

class lease_margin_thin final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C208"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    if (!what.lease.ends || what.ttl.duration <= moment::zero() || what.lease.renewals > 0) return;
    tally& seen = of_[*lock.pattern];
    if (what.end.kind == lock_hold::ending::ran_out &&
        (what.after.holder_returned || what.after.late_store)) {
      ++seen.outlived;
    }
    if (!was_released(what) || what.end.by_other != lock_hold::other_remover::no) return;
    if (all.is_perturbed(what.won.sent, what.end.command->done)) return;
    ++seen.thin.opportunities;
    const double share =
        static_cast<double>(what.held().count()) / static_cast<double>(what.ttl.duration.count());
    seen.largest = std::max(seen.largest, share);
    if (share <= share_max) return;
    seen.thin.add(share, [&] {
      return proof_of_lock_hold(all, what, lock, what.end.command->done,
                                "Held for " + in_words(what.held()) + " of a lease of " +
                                    in_words(what.ttl.duration) + ".");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    double largest = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      if (seen.thin.opportunities < lock_holds_min) continue;
      lock_holds += seen.thin.opportunities;
      largest = std::max(largest, seen.largest);
      // Where leases end too early, that is the finding: C207.
      if (seen.thin.count == 0 || seen.outlived > 0) continue;
      bad += seen.thin.count;
      finding made = finding_of(id(), lock, seen.thin);
      made.how_bad = severity::warning;
      made.how_sure = confidence::strong;
      made.message = lock_in_words(all, lock) + " was held for up to " + percent(seen.largest) +
                     " of its lease, without renewal, in " + in_words(seen.thin.count) + " of " +
                     counted(seen.thin.opportunities, "tenure", "tenures") + '.';
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, lock_holds),
                lock_holds == 0 ? "fewer than five tenures of any lock with a known lease"
                                : counted(lock_holds, "tenure", "tenures") + ", held for up to " +
                                      percent(largest) + " of the lease");
  }

 private:
  struct tally {
    cases thin;
    std::uint64_t outlived = 0;
    double largest = 0;
  };
  static std::string percent(double share) {
    return share_in_words(static_cast<std::uint64_t>(share * 1000), 1000);
  }
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c208() { return std::make_unique<lease_margin_thin>(); }

}  // namespace drover::audit
