// SPDX-License-Identifier: MIT
// C205: a lock is released by GET, a comparison in the application, and DEL.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c205_text{
    .id = "C205",
    .name = "unlock-get-del",
    .usual_severity = severity::warning,
    .summary = "A lock is released by GET, a comparison in the application, and DEL.",
    .why =
        "Between the GET that confirms the owner and the DEL, the lease can end and another caller "
        "can take the lock. The DEL then removes that caller's lock. A garbage collection or a "
        "slow network is enough.",
    .left_alone =
        "WATCH with MULTI, which makes it safe; waiters that read the lock while polling.",
    .exercised_by = "a lock that is taken and released",
    .advice = "Compare and delete in one step: DELEX IFEQ, DELIFEQ, or a Lua script.",
    .fix =
        "Replace GET, comparison and DEL by one compare-and-delete: the script `if "
        "redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return "
        "0 end`, or DELEX IFEQ / DELIFEQ if the server has it.",
    .caching_rules = "6",
};

/// Waiters that poll also read the lock before a DEL. With more hits per DEL than this, at least
/// half of the DELs must come after a read on the same connection.
constexpr double polls_for_each = 2.0;
constexpr std::uint64_t cases_min = 2;

class unlock_get_del final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c205_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    pattern_tally& tally = tallies_[*lock.pattern];
    if (was_released(hold)) ++tally.releases;
    if (hold.end.kind == lock_hold::ending::removed) {
      add(tally, *hold.end.command, hold.end.own_token_read, hold, lock, context);
    }
    // The lease had ended between the GET and the DEL, and nobody else held the lock.
    const std::optional<op_summary>& returned = hold.after.holder_returned;
    if (returned && returned->kind == op_kind::remove && returned->outcome == op_outcome::no) {
      ++tally.releases;
      add(tally, *returned, hold.after.own_token_read, hold, lock, context);
    }
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t releases = 0;
    std::uint64_t bad = 0;
    std::uint64_t unclear = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      releases += tally.releases;
      if (!is_reported(lock, tally)) {
        if (tally.pairs.count >= cases_min) unclear += tally.pairs.count;
        continue;
      }
      bad += tally.pairs.count;
      finding result = finding_of(id(), lock, tally.pairs);
      result.severity = severity::warning;
      result.confidence = confidence::strong;
      result.message =
          in_words(tally.pairs.count) + " of " + counted(tally.pairs.opportunities, "DEL", "DELs") +
          " of " + lock_in_words(context, lock) + " came after a GET that returned the token; up " +
          "to " + in_words(moment{static_cast<std::int64_t>(tally.pairs.worst())}) +
          " passed in between.";
      out.add_finding(std::move(result));
    }
    if (unclear > 0) {
      out.add_not_judged(id(), counted(unclear, "DEL", "DELs") + " after a GET of the lock",
                         "the GET may be of a waiter that polls the lock");
    }
    out.add_coverage(
        id(), status_of(bad, releases - std::min(releases, unclear)),
        counted(releases, "release", "releases") + ", " + in_words(bad) + " by GET and DEL");
  }

 private:
  struct pattern_tally {
    cases pairs;
    std::uint64_t releases = 0;
    std::uint64_t same_connection = 0;

    void merge(const pattern_tally& other) {
      pairs.merge(other.pairs);
      releases += other.releases;
      same_connection += other.same_connection;
    }
  };

  void add(pattern_tally& tally, const op_summary& removal, const std::optional<op_summary>& read,
           const lock_hold& hold, const key_state& lock, const rule_context& context) {
    ++tally.pairs.opportunities;
    if (!read) return;
    if (read->connection == removal.connection &&
        !context.connections().is_multiplexed(read->connection)) {
      ++tally.same_connection;
    }
    const moment gap = removal.sent - read->done;
    tally.pairs.add(static_cast<double>(gap.count()), [&] {
      return proof_of_lock_hold(
          context, hold, lock, removal.done,
          "The lock was read, and " + in_words(gap) +
              " later deleted. In between it can end and be taken by another caller.",
          {{lock.ref, *read}, {lock.ref, removal}});
    });
  }

  static bool is_reported(const pattern_state& lock, const pattern_tally& tally) {
    if (tally.pairs.count < cases_min || 2 * tally.pairs.count < tally.pairs.opportunities) {
      return false;
    }
    const bool is_polled = static_cast<double>(lock.counts.hits) >
                           polls_for_each * static_cast<double>(tally.pairs.opportunities);
    return !is_polled || 2 * tally.same_connection >= tally.pairs.opportunities;
  }

  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c205() { return {c205_text, {}, make_rule<unlock_get_del>}; }

}  // namespace drover::audit
