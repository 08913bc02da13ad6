// SPDX-License-Identifier: MIT
// C201: a lock is taken without a TTL.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c201_text{
    .id = "C201",
    .name = "lock-no-ttl",
    .usual_severity = severity::error,
    .summary = "A lock is taken without a TTL.",
    .why =
        "If its holder is killed, restarted or disconnected, the lock stays forever. Nobody can "
        "load that key again until someone deletes the lock by hand.",
    .left_alone =
        "locks that get their TTL in the same transaction or script, leader leases that are "
        "renewed.",
    .exercised_by = "a lock that is taken",
    .advice = "Take the lock with one command: SET key token NX PX ms.",
    .fix =
        "Give the lock a TTL in the command that takes it: `SET <lock> <random token> NX PX <ms>`. "
        "PX must be at least three times the 99th percentile of the load time, or the lock must be "
        "renewed every PX/3 while the load runs. If a library takes the lock, set its option for "
        "the TTL. Add a test that takes the lock, stops the holder, and gets the lock after PX.",
    .caching_rules = "3",
};

constexpr library_setting c201_settings[] = {
    {"dogpile.cache",
     "set `lock_timeout` in the region's arguments: the default is None, and the lock then never "
     "ends"},
    {"Django", "pass `timeout=` to `cache.lock(...)`"},
    {"Laravel",
     "pass seconds: `Cache::lock($name, $seconds)`, and `['seconds' => n]` as the fourth argument "
     "of `Cache::flexible`. With the default of 0 the lock is a SETNX without a TTL"},
    {"Spring Data Redis",
     "give the locking writer a TTL: `RedisCacheWriter.lockingRedisCacheWriter(factory, sleepTime, "
     "TtlFunction.just(...), batchStrategy)`. By default the lock is persistent"},
    {"redis-py Lock",
     "pass `timeout=` to `redis.lock(name, timeout=...)` (or `Lock(...)`): the default is None, "
     "and the lock then never ends"},
};

class lock_no_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c201_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    if (hold.ttl.source == ttl_source::unknown) {
      ++unknown_[*lock.pattern];
      return;
    }
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.endless.opportunities;
    if (hold.ttl.source != ttl_source::none || hold.lease.ends || hold.lease.renewals > 0) return;
    // If the lock still exists at the end of the run, the server knows its TTL.
    if (!was_released(hold)) {
      const std::optional<std::int64_t> pttl = context.pttl_at_end(lock.name);
      if (pttl && *pttl >= 0) return;
      ++tally.never_released;
    }
    const moment until = hold.end.command ? hold.end.command->done : hold.won.done;
    tally.endless.add(static_cast<double>((until - hold.won.sent).count()), [&] {
      return proof_of_lock_hold(
          context, hold, lock, until,
          std::string(hold.won.command) + " took the lock without a TTL" +
              (was_released(hold)
                   ? "; it was released " + in_words(until - hold.won.done) + " later."
                   : ", and it was never released."));
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override {
    tallies_.unite(from, into);
    unknown_.unite(from, into);
  }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      lock_holds += tally.endless.opportunities;
      if (tally.endless.count == 0) continue;
      bad += tally.endless.count;
      finding result = finding_of(id(), lock, tally.endless);
      result.severity = severity::error;
      result.confidence = confidence::proof;
      result.message = in_words(tally.endless.count) + " of " +
                       counted(tally.endless.opportunities, "acquisition", "acquisitions") +
                       " of " + lock_in_words(context, lock) + " set no TTL";
      if (tally.never_released > 0) {
        result.message +=
            "; " + counted(tally.never_released, "lock was", "locks were") + " never released";
      }
      result.message += '.';
      out.add_finding(std::move(result));
    }
    std::uint64_t unknown = 0;
    for (const auto& [index, number] : unknown_) {
      if (context.role_of(context.patterns()[index]) == key_role::lock) unknown += number;
    }
    if (unknown > 0) {
      out.add_not_judged(id(), counted(unknown, "acquisition", "acquisitions"),
                         "a script sets the TTL, and which argument it is, is not known");
    }
    out.add_coverage(id(), status_of(bad, lock_holds),
                     counted(lock_holds, "acquisition", "acquisitions") + " whose TTL is known, " +
                         in_words(bad) + " without one");
  }

 private:
  struct pattern_tally {
    cases endless;
    std::uint64_t never_released = 0;

    void merge(const pattern_tally& other) {
      endless.merge(other.endless);
      never_released += other.never_released;
    }
  };
  per_pattern<pattern_tally> tallies_;
  per_pattern<std::uint64_t> unknown_;  // acquisitions whose TTL is not known
};

}  // namespace

rule_definition c201() { return {c201_text, c201_settings, make_rule<lock_no_ttl>}; }

}  // namespace drover::audit
