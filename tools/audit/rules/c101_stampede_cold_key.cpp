// SPDX-License-Identifier: MIT
// C101: when a key is cold, several callers load it at the same time.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/herds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c101_text{
    .id = "C101",
    .name = "stampede-cold-key",
    .usual_severity = severity::error,
    .summary = "When a key is cold, several callers load it at the same time.",
    .why =
        "One expired key causes as many origin queries as there are callers that want it. The "
        "hotter the key, the more queries reach the origin while nothing is cached. The slower the "
        "origin, the more callers join in. Storing the result with NX hides the extra loads from "
        "the cache, but not from the origin.",
    .left_alone =
        "sessions and write-through (stores without misses), a pending mark in the value key "
        "itself, a stale entry that is stored again before one caller loads.",
    .exercised_by = "two or more requests for one key while it is cold",
    .advice =
        "Coalesce the callers in each process (single-flight), and let one process load at a time "
        "with a lock or lease per key in Redis. Or keep the old value past its TTL and serve it "
        "while one caller refreshes it.",
    .fix =
        "Change the read path so that a cold key is loaded once. In the process, callers of one "
        "key share one load. Across processes, take `SET <lock> <random token> NX PX <ms>` before "
        "the load, with PX at least three times the 99th percentile of the load time. Read the "
        "value again after taking the lock. Store the value with a TTL. Release the lock by "
        "compare-and-delete in a finally block. A caller that does not get the lock waits for the "
        "value with jittered back-off, until a deadline of at least PX. After the deadline it "
        "serves a stale value or fails; it never loads. Add a test in which 50 concurrent reads of "
        "one cold key cause exactly one load.",
    .caching_rules = "1, 2",
};

constexpr library_setting c101_settings[] = {
    {"dogpile.cache",
     "configure the region with `arguments={\"distributed_lock\": True, \"thread_local_lock\": "
     "False, \"lock_timeout\": <3 x p99 load time, in seconds>}`. Without `distributed_lock` each "
     "process loads separately"},
    {"Django",
     "`cache.get_or_set` does not prevent other callers from loading (it stores with NX, which "
     "hides the extra loads): take `cache.lock(key, timeout=...)` (django-redis) around the load, "
     "and call `cache.get` again inside"},
    {"Laravel",
     "`Cache::remember` does not prevent other callers from loading: put `Cache::lock($key, "
     "$seconds)->block($wait, ...)` around it, with a second `Cache::get` inside. Or use "
     "`Cache::flexible` (its cold start is not guarded either)"},
    {"Spring Data Redis",
     "`@Cacheable(sync = true)` shares loads in one process. Across processes use a lock per key "
     "(Redisson) around the load: the locking writer locks a whole cache, and not the load"},
    {"bentocache",
     "call `getOrSet` (not `get` and then `set`). Its lock is in the process, so each process "
     "still loads once"},
    {"Keyv",
     "call `wrap` of cache-manager or `getOrSet` of cacheable (not `get` and then `set`): they "
     "share "
     "loads in the process. Across processes put a lock in Redis (redlock) around the function"},
    {"Rails",
     "pass `race_condition_ttl:` (and `expires_in:`) to `Rails.cache.fetch`: one caller renews the "
     "entry while the others get the old one. A first, cold load is not guarded"},
};

/// Two loads in one cold event may come from two unrelated writers. Two such events, or three loads
/// in one event, are no coincidence.
constexpr std::uint64_t events_min = 2;

class stampede_cold_key final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c101_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::cold_events; }

  void on_cold_event(const cold_event& cold, const key_state& key,
                     const rule_context& context) override {
    book_.add(cold, key, context);
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { book_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t events = 0;
    std::uint64_t contended = 0;
    std::uint64_t widest = 0;
    std::uint64_t bad = 0;
    for (const pattern_state& pattern : context.patterns()) {
      if (context.role_of(pattern) != key_role::value) continue;
      const herd_book::totals totals = book_.totals_for(pattern, context);
      events += totals.events;
      contended += totals.contended;
      widest = std::max(widest, totals.widest);
      bad += judge(pattern, totals, out);
    }
    std::string detail = counted(events, "cold event", "cold events") + ", " + in_words(contended) +
                         " requested by two or more at once";
    if (contended > 0) detail += ", the widest with " + counted(widest, "request", "requests");
    if (bad > 0) detail += "; " + in_words(bad) + " with several loads";
    out.add_coverage(id(), status_of(bad, contended), std::move(detail));
  }

 private:
  /// Reports the pattern if it has stampedes. Returns the number of cold events that were
  /// stampedes.
  std::uint64_t judge(const pattern_state& pattern, const herd_book::totals& totals,
                      verdicts& out) const {
    const herd_book::event_tally& loads = totals.unguarded;
    cases stampedes = loads.herds;
    std::uint64_t wide = loads.wide - loads.wide_once_per_process;
    if (!totals.shares) {
      stampedes.merge(loads.once_per_process);
      wide = loads.wide;
    }
    if (stampedes.count == 0 || (wide == 0 && stampedes.count < events_min)) return 0;
    if (is_written_like_a_session(pattern)) return 0;
    stampedes.opportunities = std::max(totals.contended, stampedes.count);
    finding result = finding_of(id(), pattern, stampedes);
    result.severity = severity::error;
    result.confidence = loads.overlapping > 0 && wide > 0 ? confidence::proof : confidence::strong;
    const std::uint64_t others =
        totals.events - std::min(totals.events, loads.herds.count + loads.once_per_process.count);
    const double factor = static_cast<double>(loads.loads + others) /
                          static_cast<double>(std::max<std::uint64_t>(totals.events, 1));
    result.message = in_words(stampedes.count) + " of " +
                     counted(totals.events, "cold event", "cold events") +
                     " were loaded by several " + "callers at once: " + one_decimal(factor) +
                     " loads per cold event, " +
                     in_words(static_cast<std::uint64_t>(stampedes.worst())) + " in the worst case";
    if (pattern.origin_loads > 0) {
      result.message += "; the origin counted " + in_words(pattern.origin_loads);
    }
    result.message += '.';
    out.add_finding(std::move(result));
    return stampedes.count;
  }

  static std::string one_decimal(double number) {
    const auto tenths = static_cast<std::uint64_t>(number * 10 + 0.5);
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
  }

  herd_book book_;
};

}  // namespace

rule_definition c101() { return {c101_text, c101_settings, make_rule<stampede_cold_key>}; }

}  // namespace drover::audit
