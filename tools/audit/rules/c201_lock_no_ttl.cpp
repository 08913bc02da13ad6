// SPDX-License-Identifier: MIT
// C201: a lock is taken without a time after which it ends.
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

class lock_no_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C201"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    if (what.ttl.source == ttl_source::unknown) return;
    tally& seen = of_[*lock.pattern];
    ++seen.endless.opportunities;
    if (what.ttl.source != ttl_source::none || what.lease.ends || what.lease.renewals > 0) return;
    // Still there when the run was over: the server can be asked.
    if (!was_released(what)) {
      const std::optional<std::int64_t> pttl = all.pttl_at_end(lock.name);
      if (pttl && *pttl >= 0) return;
      ++seen.left;
    }
    const moment until = what.end.command ? what.end.command->done : what.won.done;
    seen.endless.add(static_cast<double>((until - what.won.sent).count()), [&] {
      return proof_of_lock_hold(
          all, what, lock, until,
          std::string(what.won.command) + " took the lock without a TTL" +
              (was_released(what)
                   ? "; it was released " + in_words(until - what.won.done) + " later."
                   : ", and nobody released it."));
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      lock_holds += seen.endless.opportunities;
      if (seen.endless.count == 0) continue;
      bad += seen.endless.count;
      finding made = finding_of(id(), lock, seen.endless);
      made.how_bad = severity::error;
      made.how_sure = confidence::proof;
      made.message = in_words(seen.endless.count) + " of " +
                     counted(seen.endless.opportunities, "acquisition", "acquisitions") + " of " +
                     lock_in_words(all, lock) + " set no TTL";
      if (seen.left > 0) {
        made.message += "; " + counted(seen.left, "lock was", "locks were") + " never released";
      }
      made.message += '.';
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, lock_holds),
                counted(lock_holds, "acquisition", "acquisitions") + " whose TTL is known, " +
                    in_words(bad) + " without one");
  }

 private:
  struct tally {
    cases endless;
    std::uint64_t left = 0;
  };
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c201() { return std::make_unique<lock_no_ttl>(); }

}  // namespace drover::audit
