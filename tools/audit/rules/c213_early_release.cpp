// SPDX-License-Identifier: MIT
// C213: a holder released the lock before it stored the value.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c213_text{
    .id = "C213",
    .name = "early-release",
    .usual_severity = severity::error,
    .severity_note = "warning if no other caller entered in between",
    .summary = "A holder released the lock before it stored the value.",
    .why =
        "The next caller takes the lock, finds no value yet, and loads again. Each cold key is "
        "loaded twice or more, although the lock, the second look and the release are right.",
    .left_alone =
        "holders that store in the batch or script that releases the lock; holders whose lease had "
        "ended (C207, C212).",
    .exercised_by = "a lock that its holder releases after a load",
    .advice = "Store the value first, then release the lock.",
    .fix =
        "Store the value while the lock is held, and release the lock afterwards, in the finally "
        "block: load, store, release. If the store runs in the background, wait for it before the "
        "release. Or store and release in one script that compares the token. Add a test in which "
        "the store takes 50 ms and a second caller waits for the lock: it finds the value, and "
        "there is one load.",
    .caching_rules = "4, 6",
};

/// With this many values loaded twice the damage is no coincidence.
constexpr std::uint64_t c213_doubled_min = 2;
/// Without damage: this many early releases, and this share of all releases after a load.
constexpr std::uint64_t early_min = 2;
constexpr double early_share = 0.5;

class early_release final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c213_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    pattern_tally& tally = tallies_[*lock.pattern];
    const std::optional<load>& late = hold.after.store_after_release;
    if (hold.value.store_count > 0 || late) {
      note_double(tally, hold, lock);
      if (hold.end.command) ++tally.early.opportunities;
    }
    last_early_[lock.ref] = {};
    if (!late || !hold.end.command) return;
    const moment gap = late->store.sent - hold.end.command->done;
    const bool has_entered = hold.after.next_win && hold.after.next_win->sent < late->store.done;
    if (has_entered) last_early_[lock.ref] = {late->store.done};
    tally.early.add(static_cast<double>(gap.count()) + (has_entered ? entered_badness : 0), [&] {
      decisive_operations named{{late->key, late->store}};
      add_decisive(named, lock.ref, hold.end.command);
      if (has_entered) add_decisive(named, lock.ref, hold.after.next_win);
      return proof_of_lock_hold(context, hold, lock, late->store.done,
                                "The value was stored " + in_words(gap) +
                                    " after its holder had released the lock" +
                                    (has_entered ? "; by then another caller had taken it." : "."),
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
      chances += tally.early.opportunities;
      const bool is_usual = tally.early.count >= early_min &&
                            static_cast<double>(tally.early.count) >=
                                early_share * static_cast<double>(tally.early.opportunities);
      if (tally.doubled < c213_doubled_min && !is_usual) continue;
      bad += tally.early.count;
      out.add_finding(finding_for(lock, tally, context));
    }
    out.add_coverage(id(), status_of(bad, chances),
                     counted(chances, "lock was", "locks were") + " released after a load, " +
                         in_words(bad) + " of them before the value was stored");
  }

 private:
  /// Cases in which another caller entered are the worst.
  static constexpr double entered_badness = 1e12;

  struct early_store {
    moment done{};  ///< 0: the last hold stored in time
  };
  struct pattern_tally {
    cases early;
    std::uint64_t doubled = 0;  ///< holders that loaded again because the value was not stored yet

    void merge(const pattern_tally& other) {
      early.merge(other.early);
      doubled += other.doubled;
    }
  };

  /// Counts a hold that began before the value of the hold before it was stored, and that loaded.
  void note_double(pattern_tally& tally, const lock_hold& hold, const key_state& lock) {
    const early_store* const before = last_early_.find(lock.ref);
    if (before != nullptr && hold.won.sent < before->done) ++tally.doubled;
  }

  finding finding_for(const pattern_state& lock, const pattern_tally& tally,
                      const rule_context& context) const {
    const bool is_damage = tally.doubled >= c213_doubled_min;
    const pattern_state& reported = lock.paired ? context.patterns()[*lock.paired] : lock;
    finding result = finding_of(id(), reported, tally.early);
    result.severity = is_damage ? severity::error : severity::warning;
    result.confidence = is_damage ? confidence::proof : confidence::strong;
    result.message = in_words(tally.early.count) + " of " +
                     counted(tally.early.opportunities, "holder", "holders") + " of " +
                     lock_in_words(context, lock) + " released it before the value was stored";
    if (tally.doubled > 0) {
      result.message += "; " + counted(tally.doubled, "time", "times") +
                        " the next holder found nothing and loaded again";
    }
    result.message += '.';
    return result;
  }

  per_pattern<pattern_tally> tallies_;
  per_key<early_store> last_early_;
};

}  // namespace

rule_definition c213() { return {c213_text, {}, make_rule<early_release>}; }

}  // namespace drover::audit
