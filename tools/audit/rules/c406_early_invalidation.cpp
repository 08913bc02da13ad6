// SPDX-License-Identifier: MIT
// C406: a value is invalidated before its change is committed, so that the old value is loaded
// again.
#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c406_text{
    .id = "C406",
    .name = "early-invalidation",
    .usual_severity = severity::warning,
    .severity_note = "info if too few other loads show what the data does without a delete",
    .summary = "A value is invalidated before its change is committed.",
    .why =
        "A reader that misses between the DEL and the commit loads the old value and stores it. "
        "It stays until its TTL ends, although the key was invalidated.",
    .left_alone =
        "deletes after which the value never changes without another delete; data that changes "
        "without deletes at other times too; deletes by the tool.",
    .exercised_by = "deletes after which the same value is loaded again",
    .advice = "Commit first, then invalidate. Or invalidate once more after the commit.",
    .fix =
        "Move the DEL behind the commit: into the hook that runs after the transaction "
        "(`on_commit`, `after_commit`, `afterCommit`), not into the transaction. If the process "
        "may die between the two, write the invalidation into the transaction (an outbox), and "
        "send it afterwards. Add a test: a reader that misses while the transaction is open does "
        "not leave the old value behind.",
    .caching_rules = "11",
};

/// Old values that were loaded after a delete and turned out to be old.
constexpr std::uint64_t c406_old_min = 2;
/// Loads without a delete before them, none of which found a change.
constexpr std::uint64_t c406_unchanged_min = 2;

class early_invalidation final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c406_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::loads | interest::ops(op_kind::remove);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    last_value& last = last_[key.ref];
    if (operation.outcome == op_outcome::no && last.was_deleted) return;
    last.was_deleted = operation.outcome == op_outcome::yes && last.hash != 0 &&
                       key.state == key_state::presence::present && !operation.in_script &&
                       !context.is_perturbed(operation.sent, operation.done);
    if (!last.was_deleted) last.hash = 0;
    last.is_unclear = true;
    last.deleted = op_summary(operation);
  }

  void on_load(const load& loaded, const key_state& key, const rule_context& context) override {
    const op_summary& store = loaded.store;
    last_value& last = last_[key.ref];
    const bool is_judged = store.outcome == op_outcome::yes && !store.part && loaded.missed &&
                           store.value.length > mark_bytes_max;
    if (!is_judged || loaded.deleted_between || loaded.began < last.stored) {
      last = {};
      last.stored = store.done;
      last.after_delete = true;
      return;
    }
    const bool is_same = last.hash == store.value.hash;
    pattern_tally& tally = tallies_[*key.pattern];
    if (last.hash != 0 && last.was_deleted) {
      if (is_same) ++tally.same_after_delete;
      last.may_be_old = is_same && loaded.began >= last.deleted.done;
      last.reloaded = store;
    } else if (last.hash != 0 && last.may_be_old) {
      ++tally.old.opportunities;
      if (!is_same) {
        tally.old.add(0, [&] {
          return proof_of(context, key, last.deleted.sent, store.done,
                          "After the delete the same value was loaded again; " +
                              in_words(loaded.began - last.reloaded.done) +
                              " later there was another one, without a delete in between.");
        });
      }
      last.may_be_old = false;
    } else if (last.hash != 0 && is_same) {
      ++tally.unchanged;
    } else if (last.hash != 0 && !last.after_delete) {
      ++tally.changed;  // otherwise the value before it may have been old as well
    }
    last.after_delete = last.is_unclear;
    last.is_unclear = false;
    last.hash = store.value.hash;
    last.stored = store.done;
    last.was_deleted = false;
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t same = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value || !context.is_cache_aside(pattern)) continue;
      same += tally.same_after_delete;
      if (tally.old.count < c406_old_min || tally.changed > 0) continue;
      if (2 * tally.old.count < tally.old.opportunities) continue;
      const bool is_sure = tally.unchanged >= c406_unchanged_min;
      bad += tally.old.count;
      finding result = finding_of(id(), pattern, tally.old);
      result.severity = is_sure ? severity::warning : severity::info;
      result.confidence = is_sure ? confidence::strong : confidence::suspected;
      result.message =
          in_words(tally.old.count) + " of " + counted(tally.old.opportunities, "value", "values") +
          " that were loaded anew after a delete, and were the same as before, had "
          "changed when they were loaded the next time. " +
          in_words(tally.unchanged) + " other loads without a delete before them found no change.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, same),
                     same == 0 ? "no value was the same after a delete"
                               : counted(same, "value was", "values were") +
                                     " the same after a delete, " + in_words(bad) + " of them old");
  }

 private:
  struct last_value {
    std::uint64_t hash = 0;  ///< of the value that was loaded last; 0: unknown
    moment stored{};
    bool was_deleted = false;  ///< since then
    op_summary deleted;
    bool is_unclear = false;    ///< the same, even if it is not known what was deleted
    bool may_be_old = false;    ///< the value is the same as before the delete
    bool after_delete = false;  ///< the value was loaded after a delete
    op_summary reloaded;
  };
  struct pattern_tally {
    cases old;
    std::uint64_t same_after_delete = 0;
    std::uint64_t unchanged = 0;  ///< loads without a delete before them
    std::uint64_t changed = 0;

    void merge(const pattern_tally& other) {
      old.merge(other.old);
      same_after_delete += other.same_after_delete;
      unchanged += other.unchanged;
      changed += other.changed;
    }
  };

  per_key<last_value> last_;
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c406() { return {c406_text, {}, make_rule<early_invalidation>}; }

}  // namespace drover::audit
