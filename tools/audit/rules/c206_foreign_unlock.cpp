// SPDX-License-Identifier: MIT
// C206: a caller deleted a lock that belonged to another one.
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

/// With pooled connections a loser's connection may be the holder's next: then the deletes of
/// losers must outnumber the acquisitions by that share to count.
constexpr double surplus_share = 1.2;

class foreign_unlock final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C206"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    tally& seen = of_[*lock.pattern];
    ++seen.lock_holds;
    if (what.end.kind == lock_hold::ending::ran_out || what.before.is_unheard) ++seen.chances;
    if (what.end.kind != lock_hold::ending::removed || what.end.with_value) return;
    lock_hold::other_remover by = what.end.by_other;
    if (by == lock_hold::other_remover::no && owner_came_second(what, all)) {
      by = lock_hold::other_remover::by_connection;
    }
    if (by == lock_hold::other_remover::no) return;
    const bool after_loss = !what.before.is_unheard && by != lock_hold::other_remover::by_token;
    cases& of = by == lock_hold::other_remover::by_token     ? seen.proved
                : after_loss                                 ? seen.by_losers
                : by == lock_hold::other_remover::by_process ? seen.strong
                                                             : seen.by_connection;
    const moment until =
        what.end.removed_again ? what.end.removed_again->done : what.end.command->done;
    of.add(static_cast<double>(what.contention.losses + 1),
           [&] { return proof_of_lock_hold(all, what, lock, until, words(what, by, after_loss)); });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t chances = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
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
      finding made = finding_of(id(), lock, shown);
      made.how_bad = severity::error;
      made.how_sure = seen.proved.count > 0 ? confidence::proof : confidence::strong;
      made.message = counted(shown.count, "time", "times") + " " + lock_in_words(all, lock) +
                     " was deleted by another than its holder";
      made.message += losers ? ", also by callers that had not got it." : ".";
      out.found(std::move(made));
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
  static bool owner_came_second(const lock_hold& what, const rule_context& all) {
    if (!what.before.is_unheard || !what.end.removed_again) return false;
    const connection_book& book = all.connections();
    if (book.is_multiplexed(what.won.connection)) return false;
    return what.end.command->connection != what.won.connection &&
           what.end.removed_again->connection == what.won.connection;
  }

  static std::string words(const lock_hold& what, lock_hold::other_remover by, bool after_loss) {
    if (by == lock_hold::other_remover::by_token) {
      return "Who deleted the lock had read another token in it " +
             in_words(what.end.command->sent - what.end.read_before->done) +
             " before: it belonged to another by then.";
    }
    if (after_loss) return "Who deleted the lock had lost it, and was not its holder.";
    return "The lease of the holder before had ended; its delete came " +
           in_words(what.end.command->sent - what.won.done) +
           " after another had taken the lock, and removed that one's.";
  }

  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c206() { return std::make_unique<foreign_unlock>(); }

}  // namespace drover::audit
