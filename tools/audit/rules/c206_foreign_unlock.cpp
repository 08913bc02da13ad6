// SPDX-License-Identifier: MIT
// C206: a caller deleted a lock that belonged to another one.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c206_text{
    .id = "C206",
    .name = "foreign-unlock",
    .usual_severity = severity::error,
    .summary = "A caller deleted a lock that belonged to another one.",
    .why =
        "It happened in this run: while the owner was loading, its lock was taken away. From then "
        "on two callers work at once, and the later store may be the older value.",
    .left_alone =
        "nothing: the tokens prove it. With constant tokens it is called strong, not proven.",
    .exercised_by = "a lease that ends before its holder releases it",
    .advice = "Compare-and-delete with a random token; and a lease that outlives the load.",
    .fix =
        "Release only by compare-and-delete with the random token that took the lock (Lua, DELEX "
        "IFEQ, DELIFEQ). Make PX at least three times the 99th percentile of the load time, or "
        "renew it every third while the load runs, and do not store when a renewal fails. Add a "
        "test: the first holder outlives its lease, a second one takes over, and the first one's "
        "release leaves the second one's lock alone.",
    .caching_rules = "5, 6",
};

/// With pooled connections a loser's connection may be the holder's next: then the deletes of
/// losers must outnumber the acquisitions by that share to count.
constexpr double surplus_share = 1.2;

class foreign_unlock final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c206_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    tally& seen = of_[*lock.pattern];
    ++seen.lock_holds;
    if (hold.how == lock_hold::ending::ran_out || hold.before_unheard) ++seen.chances;
    if (hold.how != lock_hold::ending::removed || hold.removed_with_value) return;
    lock_hold::another by = hold.ended_by;
    if (by == lock_hold::another::no && owner_came_second(hold, context)) {
      by = lock_hold::another::by_connection;
    }
    if (by == lock_hold::another::no) return;
    const bool after_loss = !hold.before_unheard && by != lock_hold::another::by_token;
    cases& of = by == lock_hold::another::by_token     ? seen.proved
                : after_loss                           ? seen.by_losers
                : by == lock_hold::another::by_process ? seen.strong
                                                       : seen.by_connection;
    const moment until = hold.removed_again ? hold.removed_again->done : hold.ended->done;
    of.add(static_cast<double>(hold.losses + 1), [&] {
      return proof_of_lock_hold(context, hold, lock, until, words(hold, by, after_loss));
    });
  }

  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t chances = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      chances += seen.chances;
      const auto deletes = static_cast<double>(lock.counts.removes);
      const bool losers = seen.by_losers.count > 0 &&
                          deletes > surplus_share * static_cast<double>(lock.counts.won) + 1;
      cases shown = seen.proved;
      shown.merge(seen.strong);
      if (losers) shown.merge(seen.by_losers);
      if (!is_pooled(lock)) shown.merge(seen.by_connection);
      if (shown.count == 0) continue;
      bad += shown.count;
      shown.opportunities = seen.lock_holds;
      finding result = finding_of(id(), lock, shown);
      result.how_bad = severity::error;
      result.how_sure = seen.proved.count > 0 ? confidence::proof : confidence::strong;
      result.message = counted(shown.count, "time", "times") + " " + lock_in_words(context, lock) +
                       " was deleted by another than its holder";
      result.message += losers ? ", also by callers that had not got it." : ".";
      out.found(std::move(result));
    }
    out.covered(id(), status_of(bad, chances),
                chances == 0 ? "no lease ended before its release"
                             : counted(chances, "lease", "leases") + " ended before the release, " +
                                   counted(bad, "lock was", "locks were") + " deleted by another");
  }

 private:
  struct tally {
    cases proved;
    cases strong;
    cases by_losers;
    cases by_connection;
    std::uint64_t lock_holds = 0;
    std::uint64_t chances = 0;
  };

  /// The first delete was not the owner's connection's, the second was.
  static bool owner_came_second(const lock_hold& hold, const rule_context& context) {
    if (!hold.before_unheard || !hold.removed_again) return false;
    const connection_book& book = context.connections();
    if (book.is_multiplexed(hold.won.connection)) return false;
    return hold.ended->connection != hold.won.connection &&
           hold.removed_again->connection == hold.won.connection;
  }

  static std::string words(const lock_hold& hold, lock_hold::another by, bool after_loss) {
    if (by == lock_hold::another::by_token) {
      return "Who deleted the lock had read another token in it " +
             in_words(hold.ended->sent - hold.read_before_removal->done) +
             " before: it belonged to another by then.";
    }
    if (after_loss) return "Who deleted the lock had lost it, and was not its holder.";
    return "The lease of the holder before had ended; its delete came " +
           in_words(hold.ended->sent - hold.won.done) +
           " after another had taken the lock, and removed that one's.";
  }

  per_pattern<tally> of_;
};

}  // namespace

rule_definition c206() { return {c206_text, {}, make_rule<foreign_unlock>}; }

}  // namespace drover::audit
