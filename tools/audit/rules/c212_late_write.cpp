// SPDX-License-Identifier: MIT
// C212: a holder stored its value after it had lost the lock.
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

class late_write final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C212"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    if (what.end.kind != lock_hold::ending::ran_out) return;
    if (!what.after.holder_returned && !what.after.late_store) return;
    tally& seen = of_[*lock.pattern];
    ++seen.late.opportunities;
    if (!what.after.late_store) return;
    const op_summary& store = what.after.late_store->store;
    if (what.after.next_win && what.after.next_win->done <= store.sent) ++seen.taken;
    if (what.after.holder_returned && what.after.holder_returned->value == what.won.value)
      ++seen.by_token;
    const moment late = store.sent - what.lease.latest_end;
    seen.late.add(static_cast<double>(late.count()), [&] {
      return proof_of_lock_hold(
          all, what, lock,
          what.after.holder_returned ? what.after.holder_returned->done : store.done,
          "The value was stored " + in_words(late) + " after the lease of its holder had ended" +
              (what.after.next_win ? ", when another had taken the lock." : "."));
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t chances = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      chances += seen.late.opportunities;
      if (seen.late.count == 0) continue;
      bad += seen.late.count;
      const pattern_state& shown = lock.paired ? all.patterns()[*lock.paired] : lock;
      finding made = finding_of(id(), shown, seen.late);
      made.how_bad = severity::warning;
      made.how_sure = seen.by_token > 0 ? confidence::proof : confidence::strong;
      made.message = counted(seen.late.count, "store", "stores") + " by a holder whose lease on " +
                     lock.text + " was over, up to " +
                     in_words(moment{static_cast<std::int64_t>(seen.late.worst())}) + " before";
      if (seen.taken > 0) {
        made.message +=
            "; " + counted(seen.taken, "time", "times") + " another held the lock by then";
      }
      made.message += '.';
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, chances),
                chances == 0 ? "no holder came back after its lease had ended"
                             : counted(chances, "holder", "holders") +
                                   " came back after the lease, " + in_words(bad) + " stored");
  }

 private:
  struct tally {
    cases late;
    std::uint64_t taken = 0;
    std::uint64_t by_token = 0;
  };
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c212() { return std::make_unique<late_write>(); }

}  // namespace drover::audit
