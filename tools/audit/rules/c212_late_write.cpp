// SPDX-License-Identifier: MIT
// C212: a holder stored its value after it had lost the lock.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c212_text{
    .id = "C212",
    .name = "late-write",
    .usual_severity = severity::warning,
    .summary = "A holder stored its value after it had lost the lock.",
    .why =
        "Another caller may have stored a newer value by then. The late store overwrites it, and "
        "the cache serves the older value until the TTL ends.",
    .left_alone = "stores that depend on the token or on the value that was read.",
    .exercised_by = "a holder that stores after its lease has ended",
    .advice = "Make the store depend on the lock: compare the token and store in one script.",
    .fix =
        "Store the loaded value with a script that first compares the lock's token: `if "
        "redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('SET', KEYS[2], ARGV[2], "
        "'PX', ARGV[3]) else return false end`. If the script refuses, return the value to the "
        "caller and do not store it. (In a cluster both keys need the same hash tag.) Add a test: "
        "a holder that lost its lease does not overwrite the value of the next holder.",
    .caching_rules = "5",
};

class late_write final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c212_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    if (hold.end.kind != lock_hold::ending::ran_out) return;
    if (!hold.after.holder_returned && !hold.after.late_store) return;
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.late.opportunities;
    if (!hold.after.late_store) return;
    const op_summary& store = hold.after.late_store->store;
    if (hold.after.next_win && hold.after.next_win->done <= store.sent) ++tally.retaken;
    if (hold.after.holder_returned && hold.after.holder_returned->value == hold.won.value)
      ++tally.by_token;
    const moment late = store.sent - hold.lease.latest_end;
    tally.late.add(static_cast<double>(late.count()), [&] {
      decisive_operations named{{hold.after.late_store->key, store}};
      add_decisive(named, lock.ref, hold.after.next_win);
      return proof_of_lock_hold(
          context, hold, lock,
          hold.after.holder_returned ? hold.after.holder_returned->done : store.done,
          "The value was stored " + in_words(late) + " after the lease of its holder had ended" +
              (hold.after.next_win ? ", and after another caller had taken the lock." : "."),
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
      chances += tally.late.opportunities;
      if (tally.late.count == 0) continue;
      bad += tally.late.count;
      const pattern_state& reported = lock.paired ? context.patterns()[*lock.paired] : lock;
      finding result = finding_of(id(), reported, tally.late);
      result.severity = severity::warning;
      result.confidence = tally.by_token > 0 ? confidence::proof : confidence::strong;
      result.message = counted(tally.late.count, "store", "stores") +
                       " by a holder after its lease on " + lock.text + " had ended, up to " +
                       in_words(moment{static_cast<std::int64_t>(tally.late.worst())}) + " late";
      if (tally.retaken > 0) {
        result.message += "; " + counted(tally.retaken, "time", "times") +
                          " another caller held the lock by then";
      }
      result.message += '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, chances),
                     chances == 0
                         ? "no holder was active after its lease had ended"
                         : counted(chances, "holder", "holders") + " active after the lease, " +
                               in_words(bad) + " of them stored");
  }

 private:
  struct pattern_tally {
    cases late;
    std::uint64_t retaken = 0;
    std::uint64_t by_token = 0;

    void merge(const pattern_tally& other) {
      late.merge(other.late);
      retaken += other.retaken;
      by_token += other.by_token;
    }
  };
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c212() { return {c212_text, {}, make_rule<late_write>}; }

}  // namespace drover::audit
