// SPDX-License-Identifier: MIT
// C207: a lease ended while its holder was still at work.
#include <algorithm>
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

class lease_shorter_than_load final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C207"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    if (!what.lease.ends) return;
    tally& seen = of_[*lock.pattern];
    ++seen.outlived.opportunities;
    if (was_released(what)) seen.longest = std::max(seen.longest, what.held());
    if (what.end.kind != lock_hold::ending::ran_out) return;
    // Who was never heard of again is another case: C210.
    if (!what.after.holder_returned && !what.after.late_store) return;
    const op_summary& back =
        what.after.holder_returned ? *what.after.holder_returned : what.after.late_store->store;
    if (what.after.next_win && what.after.next_win->done <= back.sent) ++seen.entered;
    if (what.after.holder_returned && what.after.holder_returned->value.hash != 0) ++seen.by_token;
    const moment late = back.sent - what.lease.earliest_end;
    seen.outlived.add(static_cast<double>(late.count()), [&] {
      std::string summary = "The lease of " + in_words(what.ttl.duration) + " had been over for " +
                            in_words(late) + " when its holder " +
                            (what.after.holder_returned ? "was heard of" : "stored the value");
      if (what.after.next_win) summary += "; another had taken the lock by then";
      return proof_of_lock_hold(all, what, lock, back.done, summary + '.');
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t leases = 0;
    std::uint64_t bad = 0;
    moment longest{};
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      leases += seen.outlived.opportunities;
      longest = std::max(longest, seen.longest);
      if (seen.outlived.count == 0) continue;
      bad += seen.outlived.count;
      finding made = finding_of(id(), lock, seen.outlived);
      made.how_bad = severity::error;
      made.how_sure = seen.by_token > 0 ? confidence::proof : confidence::strong;
      made.message = in_words(seen.outlived.count) + " of " +
                     counted(seen.outlived.opportunities, "lease", "leases") + " of " +
                     lock_in_words(all, lock) + " ended while the holder was at work; by " +
                     in_words(moment{static_cast<std::int64_t>(seen.outlived.worst())}) +
                     " in the worst case";
      if (seen.entered > 0) {
        made.message += "; " + counted(seen.entered, "time", "times") + " another had entered";
      }
      made.message += '.';
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, leases),
                counted(leases, "lease", "leases") +
                    (longest > moment::zero() ? ", the longest hold " + in_words(longest) : "") +
                    "; " + in_words(bad) + " ended too early");
  }

 private:
  struct tally {
    cases outlived;
    std::uint64_t entered = 0;
    std::uint64_t by_token = 0;
    moment longest{};
  };
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c207() { return std::make_unique<lease_shorter_than_load>(); }

}  // namespace drover::audit
