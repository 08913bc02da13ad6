// SPDX-License-Identifier: MIT
// C204: a lock is released by DEL without checking its owner.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c204_text{
    .id = "C204",
    .name = "unlock-plain-del",
    .usual_severity = severity::warning,
    .severity_note = "error if it deleted another holder's lock (C206)",
    .summary = "A lock is released by DEL without checking its owner.",
    .why =
        "If the lease ended before the load did, the lock may already belong to another caller. "
        "DEL removes that caller's lock, a third caller takes it, and so on: one slow load makes "
        "all later ones overlap.",
    .left_alone =
        "occasional deletions by hand (fewer than one in ten releases); a lock that is deleted "
        "together with its value, which is an invalidation.",
    .exercised_by = "a lock that is taken and released",
    .advice =
        "Release by compare-and-delete: DELEX key IFEQ token (Redis 8.4), DELIFEQ (Valkey 9), or a "
        "Lua script of three lines.",
    .fix =
        "Put a random token into the lock when it is taken, keep it, and release the lock only by "
        "compare-and-delete: the script `if redis.call('GET', KEYS[1]) == ARGV[1] then return "
        "redis.call('DEL', KEYS[1]) else return 0 end`, or DELEX IFEQ / DELIFEQ if the server has "
        "it. Do it in a finally block, and only if the lock was taken. Add a test: a holder whose "
        "lease ended does not delete the lock of the caller that took it next.",
    .caching_rules = "6",
};

constexpr library_setting c204_settings[] = {
    {"Laravel", "use `release()`: `forceRelease()` deletes the lock of any owner"},
    {"Spring Data Redis",
     "use the non-locking writer and a Redisson lock per key: the locking writer deletes its lock "
     "by name, without a token"},
    {"StackExchange.Redis", "use `LockRelease(key, token)`, not `KeyDelete`"},
};

/// If fewer than one in this many releases is a plain DEL, they are deletions by hand.
constexpr std::uint64_t one_in = 10;
/// With more hits of the lock per DEL than this, waiters poll it, and a GET need not be its
/// holder's.
constexpr std::uint64_t reads_for_each_del = 2;

class unlock_plain_del final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c204_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    if (!was_released(hold) || hold.end.with_value) return;
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.plain.opportunities;
    if (hold.end.kind != lock_hold::ending::removed) return;
    if (hold.end.by_other == lock_hold::other_remover::by_connection) ++tally.by_connection;
    if (hold.end.by_other > lock_hold::other_remover::by_connection) ++tally.foreign;
    // A DEL after a GET by the same caller is another fault: C205.
    const op_counts& counts = lock.pattern->counts;
    const bool is_polled = counts.hits > reads_for_each_del * counts.removes;
    const bool was_read_before = (hold.end.read_before && hold.end.read_before->connection ==
                                                              hold.end.command->connection) ||
                                 (hold.end.own_token_read && !is_polled);
    if (was_read_before && hold.end.by_other == lock_hold::other_remover::no) return;
    tally.plain.add(static_cast<double>(hold.held().count()), [&] {
      return proof_of_lock_hold(context, hold, lock, hold.end.command->done,
                                std::string(hold.end.command->command) + " released the lock " +
                                    in_words(hold.held()) +
                                    " after it was taken; it would have deleted any owner's lock.",
                                {{lock.ref, *hold.end.command}});
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t releases = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      releases += tally.plain.opportunities;
      if (tally.plain.count == 0 || tally.plain.count * one_in < tally.plain.opportunities)
        continue;
      bad += tally.plain.count;
      if (!is_pooled(lock)) tally.foreign += tally.by_connection;
      finding result = finding_of(id(), lock, tally.plain);
      result.severity = tally.foreign > 0 ? severity::error : severity::warning;
      result.confidence = confidence::proof;
      result.message = in_words(tally.plain.count) + " of " +
                       counted(tally.plain.opportunities, "release", "releases") + " of " +
                       lock_in_words(context, lock) + " were a plain DEL";
      if (tally.foreign > 0) {
        result.message += "; " + in_words(tally.foreign) + " of them deleted another holder's lock";
      }
      result.message += '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(
        id(), status_of(bad, releases),
        counted(releases, "release", "releases") + ", " + in_words(bad) + " by a plain DEL");
  }

 private:
  struct pattern_tally {
    cases plain;
    std::uint64_t foreign = 0;
    std::uint64_t by_connection = 0;

    void merge(const pattern_tally& other) {
      plain.merge(other.plain);
      foreign += other.foreign;
      by_connection += other.by_connection;
    }
  };
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c204() { return {c204_text, c204_settings, make_rule<unlock_plain_del>}; }

}  // namespace drover::audit
