// SPDX-License-Identifier: MIT
// C202: a lock is taken with one command and gets its TTL with a second one.
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

class lock_two_step final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C202"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    tally& seen = of_[*lock.pattern];
    ++seen.steps.opportunities;
    if (!what.ttl.expire) return;
    const bool later = what.ttl.source == ttl_source::later;
    const bool transaction = what.ttl.source == ttl_source::same_transaction;
    if (!later && !transaction && what.ttl.source != ttl_source::same_batch) return;
    if (later) ++seen.later;
    if (transaction) ++seen.in_transaction;
    seen.extended += what.contention.extensions;
    const moment gap = what.ttl.expire->sent - what.won.done;
    seen.steps.add(later ? static_cast<double>(gap.count()) : 0.0, [&] {
      std::string summary = std::string(what.won.command) + " took the lock, ";
      summary += later ? std::string(what.ttl.expire->command) + " gave it a TTL " + in_words(gap) +
                             " later, in a round trip of its own."
                       : std::string(what.ttl.expire->command) + " gave it a TTL " +
                             (transaction ? "in the same transaction." : "in the same pipeline.");
      return proof_of_lock_hold(all, what, lock, what.ttl.expire->done, std::move(summary));
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      lock_holds += seen.steps.opportunities;
      bad += seen.steps.count;
      if (seen.steps.count > 0) report(lock, seen, all, out);
    }
    out.covered(id(), status_of(bad, lock_holds),
                counted(lock_holds, "acquisition", "acquisitions") + ", " + in_words(bad) +
                    " with a TTL by a second command");
  }

 private:
  struct tally {
    cases steps;
    std::uint64_t later = 0;
    std::uint64_t in_transaction = 0;
    std::uint64_t extended = 0;
  };

  void report(const pattern_state& lock, const tally& seen, const rule_context& all,
              verdicts& out) const {
    finding made = finding_of(id(), lock, seen.steps);
    made.how_sure = confidence::proof;
    made.how_bad = seen.later > 0 || seen.extended > 0 ? severity::error : severity::warning;
    made.message = in_words(seen.steps.count) + " of " +
                   counted(seen.steps.opportunities, "acquisition", "acquisitions") + " of " +
                   lock_in_words(all, lock) + " set the TTL by a second command";
    if (seen.later > 0) {
      made.message +=
          ": a process that ends between the two leaves a lock that never ends; the "
          "longest gap was " +
          in_words(moment{static_cast<std::int64_t>(seen.steps.worst())});
    } else if (seen.in_transaction > 0) {
      made.message +=
          ", in one transaction: whoever loses lengthens the winner's lease with its "
          "own EXPIRE";
      if (seen.extended > 0) {
        made.message += ", which happened " + counted(seen.extended, "time", "times");
      }
    } else {
      made.message +=
          ", in one pipeline: a connection that breaks in its midst leaves a lock that "
          "never ends";
    }
    made.message += '.';
    out.found(std::move(made));
  }

  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c202() { return std::make_unique<lock_two_step>(); }

}  // namespace drover::audit
