// SPDX-License-Identifier: MIT
// C207: a lease ended while its holder was still working.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c207_text{
    .id = "C207",
    .name = "lease-shorter-than-load",
    .usual_severity = severity::error,
    .summary = "A lease ended while its holder was still working.",
    .why =
        "A waiter gets the lock while the first load still runs, so two loads run at once. With a "
        "slower origin it is three and more. The lock fails exactly when it is needed.",
    .left_alone = "holders that renew the lease; holders that sent nothing afterwards (C210).",
    .exercised_by = "a load that takes about as long as the lease",
    .advice =
        "Use a lease of at least three times the 99th percentile of the load time, or renew it "
        "every third of its duration. Do not store the result if the lease was lost.",
    .fix =
        "Make PX at least three times the 99th percentile of the load time, or renew the lease "
        "every PX/3 while the load runs (a script that compares the token and calls PEXPIRE). If a "
        "renewal fails, do not store the result. Add a test in which the load takes twice the "
        "lease and only one load runs at a time.",
    .caching_rules = "5",
};

constexpr library_setting c207_settings[] = {
    {"dogpile.cache",
     "raise `lock_timeout` to three times the 99th percentile of the creator's time: the lock is "
     "not renewed"},
    {"Redisson", "call `lock()` without a lease time: the watchdog renews only such locks"},
    {"redsync",
     "raise `redsync.WithExpiry` (default 8 s), or call `mutex.Extend()` while the load runs"},
    {"redlock (Node)",
     "raise the duration, or use `redlock.using(...)`, which extends the lock automatically "
     "(`automaticExtensionThreshold`)"},
    {"redlock-py", "raise the ttl in `lock(resource, ttl)`: nothing renews it"},
    {"StackExchange.Redis",
     "raise the time in `LockTake`, or call `LockExtend` while the load runs"},
    {"redis-py Lock",
     "raise `timeout=`, or call `lock.extend(...)` while the load runs. If `release()` raises "
     "LockNotOwnedError, the lease was lost: do not store the value"},
};

class lease_shorter_than_load final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c207_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    if (!hold.lease.ends) return;
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.outlived.opportunities;
    if (was_released(hold)) tally.longest = std::max(tally.longest, hold.held());
    if (hold.end.kind != lock_hold::ending::ran_out) return;
    // A holder that sent nothing afterwards is another case: C210.
    if (!hold.after.holder_returned && !hold.after.late_store) return;
    const op_summary& late_command =
        hold.after.holder_returned ? *hold.after.holder_returned : hold.after.late_store->store;
    if (hold.after.next_win && hold.after.next_win->done <= late_command.sent) ++tally.retaken;
    if (hold.after.holder_returned && hold.after.holder_returned->value.hash != 0) ++tally.by_token;
    const moment late = late_command.sent - hold.lease.earliest_end;
    tally.outlived.add(static_cast<double>(late.count()), [&] {
      std::string summary =
          "The lease of " + in_words(hold.ttl.duration) + " had ended " + in_words(late) +
          " before its holder " +
          (hold.after.holder_returned ? "used the lock again" : "stored the value");
      if (hold.after.next_win) summary += "; another caller had taken the lock by then";
      decisive_operations named;
      add_decisive(named, lock.ref, hold.after.next_win);
      add_decisive(named, lock.ref, hold.after.holder_returned);
      if (hold.after.late_store)
        named.push_back({hold.after.late_store->key, hold.after.late_store->store});
      return proof_of_lock_hold(context, hold, lock, late_command.done, summary + '.', named);
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t leases = 0;
    std::uint64_t bad = 0;
    moment longest{};
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      leases += tally.outlived.opportunities;
      longest = std::max(longest, tally.longest);
      if (tally.outlived.count == 0) continue;
      bad += tally.outlived.count;
      finding result = finding_of(id(), lock, tally.outlived);
      result.severity = severity::error;
      result.confidence = tally.by_token > 0 ? confidence::proof : confidence::strong;
      result.message =
          in_words(tally.outlived.count) + " of " +
          counted(tally.outlived.opportunities, "lease", "leases") + " of " +
          lock_in_words(context, lock) + " ended while the holder was still working, up to " +
          in_words(moment{static_cast<std::int64_t>(tally.outlived.worst())}) + " too early";
      if (tally.retaken > 0) {
        result.message += "; " + counted(tally.retaken, "time", "times") +
                          " another caller had taken the lock by then";
      }
      result.message += '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(
        id(), status_of(bad, leases),
        counted(leases, "lease", "leases") +
            (longest > moment::zero() ? ", the longest hold " + in_words(longest) : "") + "; " +
            in_words(bad) + " ended too early");
  }

 private:
  struct pattern_tally {
    cases outlived;
    std::uint64_t retaken = 0;
    std::uint64_t by_token = 0;
    moment longest{};

    void merge(const pattern_tally& other) {
      outlived.merge(other.outlived);
      retaken += other.retaken;
      by_token += other.by_token;
      longest = std::max(longest, other.longest);
    }
  };
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c207() { return {c207_text, c207_settings, make_rule<lease_shorter_than_load>}; }

}  // namespace drover::audit
