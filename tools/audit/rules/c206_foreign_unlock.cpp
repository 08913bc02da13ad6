// SPDX-License-Identifier: MIT
// C206: a caller deleted a lock that belonged to another caller.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c206_text{
    .id = "C206",
    .name = "foreign-unlock",
    .usual_severity = severity::error,
    .summary = "A caller deleted a lock that belonged to another caller.",
    .why =
        "It happened in this run: the lock was deleted while its owner was loading. From then on "
        "two callers work at once, and the later store may hold the older value.",
    .left_alone =
        "nothing: the tokens prove it. With constant tokens the confidence is strong instead of "
        "proof.",
    .exercised_by = "a lease that ends before its holder releases it",
    .advice =
        "Use compare-and-delete with a random token, and a lease that lasts longer than the load.",
    .fix =
        "Release the lock only by compare-and-delete with the random token that took it (Lua, "
        "DELEX IFEQ, DELIFEQ). Make PX at least three times the 99th percentile of the load time, "
        "or renew the lease every PX/3 while the load runs. Do not store the result when a renewal "
        "fails. Add a test: the first holder outlives its lease, a second caller takes the lock, "
        "and the first holder's release does not delete it.",
    .caching_rules = "5, 6",
};

/// With pooled connections, a holder may reuse the connection of a caller that lost the lock.
/// Deletes on such connections count only if deletes exceed acquisitions by this factor.
constexpr double c206_surplus_share = 1.2;

class foreign_unlock final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c206_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.lock_holds;
    if (hold.end.kind == lock_hold::ending::ran_out || hold.before.has_missing_holder)
      ++tally.chances;
    if (hold.end.kind != lock_hold::ending::removed || hold.end.with_value) return;
    lock_hold::other_remover remover = hold.end.by_other;
    if (remover == lock_hold::other_remover::no && owner_came_second(hold, context)) {
      remover = lock_hold::other_remover::by_connection;
    }
    if (remover == lock_hold::other_remover::no) return;
    const bool after_loss =
        !hold.before.has_missing_holder && remover != lock_hold::other_remover::by_token;
    cases& matching_cases = remover == lock_hold::other_remover::by_token     ? tally.proved
                            : after_loss                                      ? tally.by_losers
                            : remover == lock_hold::other_remover::by_process ? tally.strong
                                                                              : tally.by_connection;
    const moment until =
        hold.end.removed_again ? hold.end.removed_again->done : hold.end.command->done;
    matching_cases.add(static_cast<double>(hold.contention.losses + 1), [&] {
      decisive_operations named;
      add_decisive(named, lock.ref, hold.end.command);
      add_decisive(named, lock.ref, hold.end.read_before);
      if (hold.before.won.sequence != 0) named.push_back({lock.ref, hold.before.won});
      return proof_of_lock_hold(context, hold, lock, until, summary_of(hold, remover, after_loss),
                                named);
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t chances = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      chances += tally.chances;
      const auto deletes = static_cast<double>(lock.counts.removes);
      const bool has_losers =
          tally.by_losers.count > 0 &&
          deletes > c206_surplus_share * static_cast<double>(lock.counts.won) + 1;
      cases reported = tally.proved;
      reported.merge(tally.strong);
      if (has_losers) reported.merge(tally.by_losers);
      if (!is_pooled(lock)) reported.merge(tally.by_connection);
      if (reported.count == 0) continue;
      bad += reported.count;
      reported.opportunities = tally.lock_holds;
      finding result = finding_of(id(), lock, reported);
      result.severity = severity::error;
      result.confidence = tally.proved.count > 0 ? confidence::proof : confidence::strong;
      result.message = counted(reported.count, "time", "times") + " " +
                       lock_in_words(context, lock) +
                       " was deleted by a caller that was not its holder";
      result.message += has_losers ? ", including callers that had lost it." : ".";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, chances),
                     chances == 0
                         ? "no lease ended before its release"
                         : counted(chances, "lease", "leases") + " ended before the release, " +
                               counted(bad, "lock was", "locks were") + " deleted by another");
  }

 private:
  struct pattern_tally {
    cases proved;
    cases strong;
    cases by_losers;
    cases by_connection;
    std::uint64_t lock_holds = 0;
    std::uint64_t chances = 0;

    void merge(const pattern_tally& other) {
      proved.merge(other.proved);
      strong.merge(other.strong);
      by_losers.merge(other.by_losers);
      by_connection.merge(other.by_connection);
      lock_holds += other.lock_holds;
      chances += other.chances;
    }
  };

  /// Whether the first delete came from another connection than the owner's, and the second one
  /// from the owner's.
  static bool owner_came_second(const lock_hold& hold, const rule_context& context) {
    if (!hold.before.has_missing_holder || !hold.end.removed_again) return false;
    const connection_book& book = context.connections();
    if (book.is_multiplexed(hold.won.connection)) return false;
    return hold.end.command->connection != hold.won.connection &&
           hold.end.removed_again->connection == hold.won.connection;
  }

  static std::string summary_of(const lock_hold& hold, lock_hold::other_remover remover,
                                bool after_loss) {
    if (remover == lock_hold::other_remover::by_token) {
      return "The caller that deleted the lock had read another token in it " +
             in_words(hold.end.command->sent - hold.end.read_before->done) +
             " before: by then it belonged to another caller.";
    }
    if (after_loss)
      return "The caller that deleted the lock had lost it before, and was not its holder.";
    return "The lease of the previous holder had ended. Its DEL came " +
           in_words(hold.end.command->sent - hold.won.done) +
           " after another caller took the lock, and removed that lock.";
  }

  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c206() { return {c206_text, {}, make_rule<foreign_unlock>}; }

}  // namespace drover::audit
