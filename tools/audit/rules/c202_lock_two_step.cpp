// SPDX-License-Identifier: MIT
// C202: a lock is taken with one command and gets its TTL with a second one.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c202_text{
    .id = "C202",
    .name = "lock-two-step",
    .usual_severity = severity::error,
    .severity_note = "warning if both commands are sent in one pipeline",
    .summary = "A lock is taken with one command and gets its TTL with a second one.",
    .why =
        "A process that dies between the two commands leaves a lock that never ends. In MULTI the "
        "pair is atomic, but the EXPIRE of a caller that lost the lock extends the winner's lease.",
    .left_alone = "scripts that do both.",
    .exercised_by = "a lock that is taken",
    .advice = "Use one command for both: SET key token NX PX ms.",
    .fix =
        "Replace the pair (SETNX or SET NX, then EXPIRE or PEXPIRE) by `SET <lock> <random token> "
        "NX PX <ms>`, and check its reply. OK means that the lock was taken; nil means that "
        "another caller holds it. Remove the second command everywhere.",
    .caching_rules = "3",
};

class lock_two_step final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c202_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.steps.opportunities;
    if (!hold.ttl.expire) return;
    const bool later = hold.ttl.source == ttl_source::later;
    const bool transaction = hold.ttl.source == ttl_source::same_transaction;
    if (!later && !transaction && hold.ttl.source != ttl_source::same_batch) return;
    if (later) ++tally.later;
    if (transaction) ++tally.in_transaction;
    tally.extended += hold.contention.extensions;
    const moment gap = hold.ttl.expire->sent - hold.won.done;
    tally.steps.add(later ? static_cast<double>(gap.count()) : 0.0, [&] {
      std::string summary = std::string(hold.won.command) + " took the lock, ";
      summary += later ? std::string(hold.ttl.expire->command) + " gave it a TTL " + in_words(gap) +
                             " later, in a separate round trip."
                       : std::string(hold.ttl.expire->command) + " gave it a TTL " +
                             (transaction ? "in the same transaction." : "in the same pipeline.");
      return proof_of_lock_hold(context, hold, lock, hold.ttl.expire->done, std::move(summary));
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      lock_holds += tally.steps.opportunities;
      bad += tally.steps.count;
      if (tally.steps.count > 0) report(lock, tally, context, out);
    }
    out.add_coverage(id(), status_of(bad, lock_holds),
                     counted(lock_holds, "acquisition", "acquisitions") + ", " + in_words(bad) +
                         " with a TTL from a second command");
  }

 private:
  struct pattern_tally {
    cases steps;
    std::uint64_t later = 0;
    std::uint64_t in_transaction = 0;
    std::uint64_t extended = 0;

    void merge(const pattern_tally& other) {
      steps.merge(other.steps);
      later += other.later;
      in_transaction += other.in_transaction;
      extended += other.extended;
    }
  };

  void report(const pattern_state& lock, const pattern_tally& tally, const rule_context& context,
              verdicts& out) const {
    finding result = finding_of(id(), lock, tally.steps);
    result.confidence = confidence::proof;
    result.severity = tally.later > 0 || tally.extended > 0 ? severity::error : severity::warning;
    result.message = in_words(tally.steps.count) + " of " +
                     counted(tally.steps.opportunities, "acquisition", "acquisitions") + " of " +
                     lock_in_words(context, lock) + " set the TTL with a second command";
    if (tally.later > 0) {
      result.message +=
          ": a process that dies between the two leaves a lock that never ends; the longest gap "
          "was " +
          in_words(moment{static_cast<std::int64_t>(tally.steps.worst())});
    } else if (tally.in_transaction > 0) {
      result.message +=
          ", in one transaction: a caller that loses the lock extends the winner's lease with its "
          "EXPIRE";
      if (tally.extended > 0) {
        result.message += ", which happened " + counted(tally.extended, "time", "times");
      }
    } else {
      result.message +=
          ", in one pipeline: a connection that breaks between the two leaves a lock that never "
          "ends";
    }
    result.message += '.';
    out.add_finding(std::move(result));
  }

  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c202() { return {c202_text, {}, make_rule<lock_two_step>}; }

}  // namespace drover::audit
