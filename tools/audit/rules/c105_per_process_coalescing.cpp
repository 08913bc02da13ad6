// SPDX-License-Identifier: MIT
// C105: callers share a load in their process, and every process loads for itself.
#include "audit/rules/coverage.hpp"
#include "audit/rules/herds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c105_text{
    .id = "C105",
    .name = "per-process-coalescing",
    .usual_severity = severity::warning,
    .summary = "Callers share a load inside each process, but every process loads separately.",
    .why =
        "A cold key costs as many loads as there are processes or pods. That is acceptable for a "
        "few processes, but the number grows with every scale-out.",
    .left_alone = "runs in which only one process asked.",
    .exercised_by = "two or more processes that request one cold key at once",
    .advice =
        "For a small number of processes, accept it in the baseline file and give the expected "
        "number of loads as the reason. Otherwise add a lease per key in Redis behind the "
        "single-flight.",
    .fix =
        "Keep sharing loads in the process, and add a lease in Redis behind it. The one caller "
        "that loads for its process first takes `SET <lock> <random token> NX PX <ms>`, then reads "
        "the value again, and only then loads it. The loaders of the other processes wait for the "
        "value with jittered back-off. Add a test in which two processes request one cold key at "
        "once and cause one load.",
    .caching_rules = "2",
};

constexpr library_setting c105_settings[] = {
    {"dogpile.cache",
     "configure the region with `distributed_lock: True`, `thread_local_lock: False` and a "
     "`lock_timeout`"},
    {"Django", "take `cache.lock(key, timeout=...)` (django-redis) around the load"},
    {"Spring Data Redis",
     "`@Cacheable(sync = true)` shares loads in one process only: put a lock per key (Redisson) "
     "around the load"},
    {"bentocache",
     "put a lock in Redis (redlock) around the factory: the lock of bentocache is in the process"},
    {"Keyv",
     "put a lock in Redis (redlock) around the function: `wrap` of cache-manager and `getOrSet` of "
     "cacheable share loads in the process only"},
    {"Symfony",
     "use `CacheInterface::get` under a lock of symfony/lock with a Redis store: the built-in "
     "stampede protection is a file lock, so each host loads once"},
};

class per_process_coalescing final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c105_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::cold_events; }

  void on_cold_event(const cold_event& cold, const key_state& key,
                     const rule_context& context) override {
    book_.add(cold, key, context);
    if (cold.demand.processes >= 2 && cold.demand.contended) {
      ++shared_[*key.pattern];
    } else if (cold.demand.contended && cold.loading.unplaced > 0) {
      ++unplaced_[*key.pattern];
    }
  }

  void on_united(std::uint32_t from, std::uint32_t into) override {
    book_.unite(from, into);
    shared_.unite(from, into);
    unplaced_.unite(from, into);
  }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t shared = 0;
    std::uint64_t bad = 0;
    for (const pattern_state& pattern : context.patterns()) {
      if (context.role_of(pattern) != key_role::value) continue;
      const herd_book::totals totals = book_.totals_for(pattern, context);
      shared += shared_[pattern];
      if (!totals.shares || is_written_like_a_session(pattern)) continue;
      bad += totals.unguarded.once_per_process.count;
      report(pattern, totals, out);
    }
    std::uint64_t unplaced = 0;
    for (const auto& [index, number] : unplaced_) {
      if (context.role_of(context.patterns()[index]) == key_role::value) unplaced += number;
    }
    if (unplaced > 0) {
      out.add_not_judged(id(), counted(unplaced, "cold event", "cold events"),
                         "it is not known which process loaded");
    }
    out.add_coverage(id(), status_of(bad, shared),
                     shared == 0 ? "no cold key was requested by two processes at once"
                                 : counted(shared, "cold event", "cold events") +
                                       " in two or more processes, " + in_words(bad) +
                                       " with one load per process");
  }

 private:
  void report(const pattern_state& pattern, const herd_book::totals& totals, verdicts& out) const {
    const herd_book::event_tally& loads = totals.unguarded;
    cases reported = loads.once_per_process;
    reported.opportunities = std::max(
        shared_.find(pattern.index) == nullptr ? std::uint64_t{0} : *shared_.find(pattern.index),
        reported.count);
    finding result = finding_of(id(), pattern, reported);
    result.severity = severity::warning;
    result.confidence = confidence::strong;
    result.message =
        "Each process loads separately: up to " +
        in_words(static_cast<std::uint64_t>(reported.worst())) + " loads " +
        (loads.unclear > 0
             ? "in one cold event, some of them by connections whose process is unknown."
             : "by " + counted(loads.processes_most, "process", "processes") +
                   " in one cold event.") +
        " Expect N loads with N processes.";
    out.add_finding(std::move(result));
  }

  herd_book book_;
  per_pattern<std::uint64_t> shared_;
  per_pattern<std::uint64_t> unplaced_;  // cold events whose loads may be of any process
};

}  // namespace

rule_definition c105() { return {c105_text, c105_settings, make_rule<per_process_coalescing>}; }

}  // namespace drover::audit
